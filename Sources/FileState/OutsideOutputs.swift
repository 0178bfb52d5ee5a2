import Platform
public import WorkflowModel

/// Finds declared outputs whose directory is reached through a link that leads out of the project.
///
/// Who writes there is the step, by a path: stepvisor can only tell of it.
public struct OutsideOutputs {
    /// One of them.
    public struct Finding: Hashable, Sendable {
        /// The step, by its index.
        public var step: Int
        /// The output as it is declared.
        public var output: String
        /// The link, from the project root.
        public var link: String
        /// Where it leads.
        public var target: String

        /// What a user reads.
        public var sentence: String {
            "its output `\(output)` is outside of the project: `\(link)` is a link to `\(target)`"
        }
    }

    private let root: String
    private let realRoot: String
    /// What is known of directories: nil for one that is inside.
    private var known: [Substring: (link: String, target: String)?] = [:]

    /// For a project's root, an absolute path.
    public init(root: String) {
        self.root = root
        realRoot = OutsideOutputs.realPath(root) ?? root
    }

    /// Those of steps that are wanted.
    public mutating func findings(
        in workflow: Workflow, where isWanted: (Int) -> Bool = { _ in true }
    ) -> [Finding] {
        var findings: [Finding] = []
        // By index: a step is dear to copy.
        for index in workflow.steps.indices where isWanted(index) {
            for pattern in workflow.steps[index].outputFiles where !pattern.text.hasPrefix("!") {
                guard let glob = try? Glob(pattern.text) else { continue }
                let directory =
                    glob.literal.map { path in
                        path.lastIndex(of: "/").map { path[..<$0] } ?? ""
                    } ?? glob.directory[...]
                if let (link, target) = look(at: directory) {
                    findings.append(
                        Finding(step: index, output: pattern.text, link: link, target: target))
                }
            }
        }
        return findings
    }

    private mutating func look(at directory: Substring) -> (link: String, target: String)? {
        guard !directory.isEmpty else { return nil }
        if let found = known[directory] { return found }
        let above = directory.lastIndex(of: "/").map { look(at: directory[..<$0]) } ?? nil
        let found = above ?? leadingOut(String(directory))
        known[directory] = .some(found)
        return found
    }

    private func leadingOut(_ path: String) -> (link: String, target: String)? {
        var facts = stat()
        guard lstat("\(root)/\(path)", &facts) == 0, facts.st_mode & S_IFMT == S_IFLNK,
            let real = OutsideOutputs.realPath("\(root)/\(path)"),
            real != realRoot, !real.hasPrefix("\(realRoot)/")
        else { return nil }
        return (path, real)
    }

    private static func realPath(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }
}
