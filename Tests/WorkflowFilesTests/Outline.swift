import Foundation
import WorkflowFiles
import WorkflowModel

/// A document in one line, so that a test can state all of it: keys in order, values by kind.
enum Outline {
    static func of(_ table: DocumentTable) -> String {
        let entries = table.entries.map { "\($0.key): \(of($0.value))" }
        return "{" + entries.joined(separator: ", ") + "}"
    }

    static func of(_ value: DocumentValue) -> String {
        switch value.content {
        case .string(let text): "\"" + text.replacingOccurrences(of: "\n", with: "⏎") + "\""
        case .integer(let number): String(number)
        case .float(let number): "float \(number)"
        case .boolean(let isTrue): String(isTrue)
        case .dateTime(let time): "\(time.kind) \(time.text)"
        case .array(let values): "[" + values.map(of).joined(separator: ", ") + "]"
        case .table(let table): of(table)
        case .null: "null"
        }
    }
}

/// One reading of a text, with its problems as `line:column message`.
struct Reading {
    let outline: String
    let problems: [String]
    let table: DocumentTable
    let diagnostics: [Diagnostic]
    let source: SourceTable

    static func toml(_ text: String) -> Reading { toml(Array(text.utf8)) }

    static func toml(_ bytes: [UInt8]) -> Reading {
        let (table, diagnostics) = TOMLReader.read(bytes, file: 0)
        return Reading(table, diagnostics, bytes, "w.toml")
    }

    static func json(_ text: String) -> Reading { json(Array(text.utf8)) }

    static func json(_ bytes: [UInt8]) -> Reading {
        let (table, diagnostics) = JSONReader.read(bytes, file: 0)
        return Reading(table, diagnostics, bytes, "w.json")
    }

    init(
        _ table: DocumentTable, _ diagnostics: [Diagnostic], _ bytes: [UInt8], _ path: String
    ) {
        var source = SourceTable()
        _ = source.add(SourceFile(path: path, bytes: bytes))
        self.table = table
        self.diagnostics = diagnostics
        self.source = source
        outline = Outline.of(table)
        problems = diagnostics.map { problem in
            let place = source.position(of: problem.range ?? .init(file: 0, offset: 0, length: 0))
            return "\(place.line):\(place.column) \(problem.message)"
        }
    }

    /// The text that a range covers.
    func text(_ range: SourceRange) -> String {
        let start = Int(range.offset)
        let bytes = source.files[0].bytes[start..<start + Int(range.length)]
        return String(decoding: bytes, as: UTF8.self)
    }
}
