import DependencyGraph
public import WorkflowModel

/// Finds the steps that were probably meant by a name that no step has.
///
/// People type what they see: the end of an id (`4` for `1.4`), a name with other separators (`api
/// docs` for `api_docs`), the description, or any of these with a typing error.
public struct StepNameSearch {
    private let names: [String]
    private let descriptions: [String]
    /// How many of the names, from the first, are steps; each other name stands for several steps.
    private let stepCount: Int

    /// - Parameters:
    ///   - ids: The ids of the steps.
    ///   - descriptions: The descriptions of these steps, in the same order.
    ///   - groups: Further names that can be typed in place of a step's.
    public init(ids: [String], descriptions: [String], groups: [String] = []) {
        names = ids + groups
        stepCount = ids.count
        self.descriptions = descriptions
    }

    /// The steps of a workflow, and the names that stand for several of them.
    public init(_ workflow: Workflow) {
        self.init(
            ids: workflow.steps.map(\.id.rawValue), descriptions: workflow.steps.map(\.description),
            groups: workflow.groups.map(\.name.rawValue).sorted())
    }

    /// The names that were probably meant, in the order of the steps; empty when none is near.
    public func candidates(for typed: String) -> [String] {
        let wanted = Self.folded(typed)
        guard !wanted.isEmpty else { return [] }
        let ends = names.filter { Self.ends(of: $0).contains { Self.folded($0) == wanted } }
        if !ends.isEmpty { return ends }
        let described = ids { Self.folded($0) == wanted }
        if !described.isEmpty { return described }
        if let near = NearMiss.best(for: typed, among: names) { return [near] }
        let lasts = names.map { Self.ends(of: $0).last.map(String.init) ?? $0 }
        if let last = NearMiss.best(for: typed, among: lasts) {
            return names.indices.filter { lasts[$0] == last }.map { names[$0] }
        }
        if let near = NearMiss.best(for: typed, among: descriptions.filter { !$0.isEmpty }) {
            return ids { $0 == near }
        }
        let words = Self.words(of: typed)
        guard typed.count >= 3, !words.isEmpty else { return [] }
        return ids { description in
            let described = Set(Self.words(of: description))
            return words.allSatisfy { described.contains($0) }
        }
    }

    /// The line that suggests one of them; nil when none is near.
    public func help(for typed: String) -> String? { Self.help(naming: candidates(for: typed)) }

    /// The line for names found before.
    static func help(naming candidates: [String]) -> String? {
        guard let last = candidates.last else { return nil }
        let shown = candidates.prefix(maxShown).map { "`\($0)`" }
        let rest = candidates.count - shown.count
        if rest > 0 {
            return "did you mean one of \(candidates.count): \(shown.joined(separator: ", ")), …?"
        }
        guard shown.count > 1 else { return "did you mean `\(last)`?" }
        return "did you mean \(shown.dropLast().joined(separator: ", ")) or `\(last)`?"
    }

    private static let maxShown = 8

    private func ids(where matches: (String) -> Bool) -> [String] {
        zip(names.prefix(stepCount), descriptions).filter { matches($0.1) }.map(\.0)
    }

    /// An id, and the part after each of its dots.
    private static func ends(of id: String) -> [Substring] {
        var rest = id[...]
        var ends = [rest]
        while let dot = rest.firstIndex(of: ".") {
            rest = rest[rest.index(after: dot)...]
            ends.append(rest)
        }
        return ends
    }

    /// Letters and digits in lower case, which ignores separators and case.
    private static func folded(_ text: some StringProtocol) -> String {
        var folded = ""
        for character in text.lowercased() where character.isLetter || character.isNumber {
            folded.append(character)
        }
        return folded
    }

    private static func words(of text: String) -> [String] {
        text.split { !$0.isLetter && !$0.isNumber }.map { $0.lowercased() }
    }
}
