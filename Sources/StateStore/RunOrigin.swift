import Execution

/// Which workflow a run belongs to, as the first line of its journal tells.
public enum RunOrigin: Hashable, Sendable {
    /// Of the workflow whose file or directory has this name in the project root.
    case file(String)
    /// Of an earlier version, which recorded the workflow's name and its steps alone.
    case unrecorded(name: String, steps: [String])
    /// There is no whole first line yet: the run ended before it began, or has just begun.
    case notBegun
    /// It cannot be read.
    case unreadable

    /// Whether the run is one of a workflow; unknown counts as yes, so that it is said and not passed over.
    ///
    /// - Parameters:
    ///   - file: The name of its file or directory in the project root.
    ///   - name: The workflow's name.
    ///   - steps: Its steps; empty where they cannot be read.
    /// - Returns: False for what is certainly another's, or has not begun.
    public func isOf(file: String, name: String, steps: Set<String>) -> Bool {
        switch self {
        case .file(let other): other == file
        case .unrecorded(let other, let others):
            other == name && (steps.isEmpty || others.contains { steps.contains($0) })
        case .notBegun: false
        case .unreadable: true
        }
    }
}

extension StoredRun {
    /// Which workflow it belongs to.
    ///
    /// Of a large workflow, whose first line names thousands of steps, only the beginning is read. A run
    /// whose journal is damaged from its first line on is that of the workflow that its progress names.
    public func origin() -> RunOrigin {
        for name in [JournalFile.name, StoredRun.progressName] {
            let beginning = beginning(of: name, StoredRun.originBytes)
            if let file = JournalReader.workflowFile(inBeginning: beginning) { return .file(file) }
        }
        guard let bytes = try? journal() else { return .notBegun }
        do throws(JournalError) {
            let header = try JournalReader.header(of: bytes, stepList: stepList)
            return header.workflowFile.map { .file($0) }
                ?? .unrecorded(name: header.workflow, steps: header.steps.map(\.id))
        } catch {
            return error == .empty ? .notBegun : .unreadable
        }
    }

    /// The name of a workflow and of its file stand in it.
    private static let originBytes = 1 << 12
}
