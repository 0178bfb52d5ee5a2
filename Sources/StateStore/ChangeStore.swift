import Foundation
package import Platform

/// How the files that conditions ask about looked when their steps last ended well:
/// `.stepvisor/changed.json`.
///
/// By step and list of patterns. It is data: what cannot be read counts as not known, by which
/// everything has changed.
package struct ChangeStore: Sendable {
    package static let name = "changed.json"
    private static let version = 1
    /// A larger file was not written by this program.
    private static let maxBytes = 1 << 26

    /// A digest for each list of patterns that a step's condition asks about.
    package typealias Digests = [[String]: String]

    private var digests: [String: Digests] = [:]
    private(set) var hasChanged = false

    private struct Document: Codable {
        var version: Int
        var steps: [String: [Entry]]
    }

    private struct Entry: Codable {
        var patterns: [String]
        var digest: String
    }

    /// Nothing known.
    package init() {}

    /// What is known in a project.
    package init(in state: StateDirectory) {
        guard let file = PrivateFile.reading([ChangeStore.name], in: state.descriptor) else {
            return
        }
        let bytes = FileBytes.read(file.number, offset: 0, limit: ChangeStore.maxBytes)
        guard let document = try? JSONDecoder().decode(Document.self, from: Data(bytes)),
            document.version == ChangeStore.version
        else { return }
        for (step, entries) in document.steps {
            let pairs = entries.map { ($0.patterns, $0.digest) }
            digests[step] = Digests(pairs, uniquingKeysWith: { _, last in last })
        }
    }

    /// What is known of a step.
    package subscript(step: String) -> Digests { digests[step] ?? [:] }

    /// Replaces what is known of a step.
    package mutating func remember(_ news: Digests, of step: String) {
        guard self[step] != news else { return }
        digests[step] = news.isEmpty ? nil : news
        hasChanged = true
    }

    /// Writes what has been remembered, in one step.
    package mutating func save(to state: StateDirectory) throws(SystemError) {
        guard hasChanged else { return }
        let steps = digests.mapValues { digests in
            digests.map { Entry(patterns: $0.key, digest: $0.value) }
                .sorted { $0.patterns.lexicographicallyPrecedes($1.patterns) }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let path = "\(StateDirectory.name)/\(ChangeStore.name)"
        guard
            let data = try? encoder.encode(Document(version: ChangeStore.version, steps: steps))
        else { throw SystemError("write", path, code: EINVAL) }
        try state.replace(ChangeStore.name, with: Array(data) + [UInt8(ascii: "\n")])
        hasChanged = false
    }
}
