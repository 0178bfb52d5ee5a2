package import WorkflowModel

/// What a step that another needs has written, ready to be looked at again.
package struct DependencyOutputs: Sendable {
    /// The step that has written it.
    package let step: Int
    package let patterns: InputPatterns
    fileprivate let owners: OutputWriters

    package init(_ step: Int, _ patterns: InputPatterns, _ owners: OutputWriters) {
        self.step = step
        self.patterns = patterns
        self.owners = owners
    }
}

/// How all that a step needs looks at one moment; only of use in this process.
package struct DependencySnapshot: Sendable {
    /// For each need in order, of all its files.
    package var whole: [Int] = []
    /// Of those files that no other step writes too.
    package var own: Int = 0
    /// Files.
    package var count = 0

    /// With all that it holds.
    package init(
        whole: [Int] = [], own: Int = 0, count: Int = 0
    ) {
        self.whole = whole
        self.own = own
        self.count = count
    }
}

extension FileHasher {
    /// How what a step needs looks, without reading any content; nil when that would take more than
    /// the budget.
    package func look(at needs: [DependencyOutputs], budget: Int = .max) -> DependencySnapshot? {
        // An empty list has a hash of its own, which differs from the number that means that nobody
        // has compared.
        guard !needs.isEmpty else { return DependencySnapshot() }
        var look = DependencySnapshot()
        var own = Hasher()
        for need in needs {
            guard
                let entries = FileScanner.entries(
                    of: need.patterns, root: root, budget: budget - look.count)
            else { return nil }
            look.whole.append(FileHasher.signature(of: entries))
            look.count += entries.count
            let rest = entries.filter { !need.owners.haveOther(than: need.step, of: $0.path) }
            own.combine(FileHasher.signature(of: rest))
        }
        look.own = own.finalize()
        return look
    }
}

/// Which steps declare to write a file: those that share a directory change what the others see of it,
/// and that is no change by somebody else.
package struct OutputWriters: Sendable {
    /// Steps by the path that they name, which may be a directory.
    private var named: [ArraySlice<UInt8>: [Int]] = [:]
    /// Steps and their patterns by the directory below which all that they mean lies.
    private var matching: [ArraySlice<UInt8>: [(step: Int, glob: Glob)]] = [:]

    package init(_ steps: [Step]) {
        for (index, step) in steps.enumerated() {
            for pattern in step.outputFiles { add(pattern.text, of: index) }
            for pattern in step.modifies { add(pattern.text, of: index) }
        }
    }

    private mutating func add(_ text: String, of step: Int) {
        // Patterns that are none are refused when the workflow is loaded.
        guard !text.hasPrefix("!"), let glob = try? Glob(text) else { return }
        if let literal = glob.literal {
            named[Array(literal.utf8)[...], default: []].append(step)
        } else {
            matching[Array(glob.directory.utf8)[...], default: []].append((step, glob))
        }
    }

    /// Whether a step other than this one writes the file too, or all of a directory that it lies in.
    package func haveOther(than step: Int, of path: [UInt8]) -> Bool {
        var end = path.endIndex
        while true {
            if let steps = named[path[..<end]], steps.contains(where: { $0 != step }) {
                return true
            }
            if end < path.endIndex || end == 0, let list = matching[path[..<end]] {
                let text = String(decoding: path, as: UTF8.self)
                if list.contains(where: { $0.step != step && $0.glob.matches(text) }) {
                    return true
                }
            }
            guard end > 0 else { return false }
            end = path[..<end].lastIndex(of: UInt8(ascii: "/")) ?? 0
        }
    }
}
