import Foundation
import TestSupport

/// Mermaid's own parser, run by node.
enum MermaidParser {
    /// What the parser made of a text.
    struct Diagram: Decodable {
        struct Vertex: Decodable {
            var id: String
            var text: String
            var shape: String
            var classes: [String]
        }

        struct Edge: Decodable {
            var from: String
            var to: String
            var text: String
            var stroke: String
        }

        struct Subgraph: Decodable {
            var title: String
            var nodes: [String]
        }

        var vertices: [Vertex]
        var edges: [Edge]
        var subgraphs: [Subgraph]
        var classes: [String]
        /// Boxes that do something when they are clicked.
        var links: Int
    }

    struct Refused: Error, CustomStringConvertible {
        var description: String
    }

    private static let root = Repository.root
    private static let script = root.appending(path: "scripts/mermaid-check").path
    private static let bundle = root.appending(
        path: ".build/mermaid/mermaid_parser/js/parser.bundle.js"
    ).path

    /// Whether node and the parser are there.
    static let isInstalled: Bool = {
        guard FileManager.default.isReadableFile(atPath: bundle) else { return false }
        let paths = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return paths.split(separator: ":").contains {
            FileManager.default.isExecutableFile(atPath: "\($0)/node")
        }
    }()

    /// Parses texts in one go, or throws what the parser has against one of them.
    static func parse(_ texts: [String]) throws -> [Diagram] {
        // Files rather than pipes: nothing to fill up, whatever is written first.
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "stepvisor-mermaid-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let input = folder.appending(path: "in")
        let output = folder.appending(path: "out")
        try Data(texts.joined(separator: "\u{1E}").utf8).write(to: input)
        try Data().write(to: output)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["node", script]
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        process.waitUntilExit()
        let answer = try Data(contentsOf: output)
        guard process.terminationStatus == 0 else {
            throw Refused(description: String(decoding: answer, as: UTF8.self))
        }
        return try answer.split(separator: 0x0A).map {
            try JSONDecoder().decode(Diagram.self, from: Data($0))
        }
    }
}
