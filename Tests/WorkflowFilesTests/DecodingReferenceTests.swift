import Foundation
import Testing
import WorkflowFiles
import WorkflowModel

@Suite("The reference of the workflow file")
struct DecodingReferenceTests {
    /// The heading under which the keys of a table stand.
    private static let headings: [WorkflowKey.Table: String] = [
        .workflow: "The top of the file", .execution: "`[execution]`",
        .retry: "`[execution.retry]`",
        .throttle: "`[execution.throttle]`", .breaker: "A breaker", .resource: "A resource",
        .composition: "`[composition]`", .include: "An include",
        .errorPropagation: "`[error_propagation]`",
        .speclet: "A speclet", .task: "A task", .step: "A step", .backup: "A backup",
    ]

    private static func reference() throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(
            contentsOf: root.appendingPathComponent("docs/workflow-file.md"), encoding: .utf8)
    }

    /// The lines from a heading to the next.
    private static func section(_ heading: String, of text: String) -> [Substring] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(of: "### " + heading) else { return [] }
        return Array(lines[(start + 1)...].prefix { !$0.hasPrefix("#") || $0.hasPrefix("# ") })
    }

    @Test("it documents exactly the keys that are known", arguments: WorkflowKey.Table.allCases)
    func keys(table: WorkflowKey.Table) throws {
        let heading = try #require(Self.headings[table])
        let rows = Self.section(heading, of: try Self.reference()).filter { $0.hasPrefix("| `") }
        let documented = rows.map { row in
            row.dropFirst(2).prefix { $0 != "|" }.split(separator: ",").map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
            }
        }
        let known = WorkflowKeys.all.filter { $0.table == table && !$0.isIgnored }
        #expect(Set(documented) == Set(known.map(\.spellings)))
        #expect(documented.count == known.count)
        for row in rows {
            #expect(
                row.split(separator: "|", omittingEmptySubsequences: false).count == 6, "\(row)")
        }
    }

    @Test("it names every value that a key may have, and every key that is left alone")
    func values() throws {
        let text = try Self.reference()
        let prose = Self.section("Prose of SPECS files", of: text).joined(separator: "\n")
        for key in WorkflowKeys.all {
            if key.isIgnored {
                #expect(prose.contains("`\(key.name)`"), "\(key.name)")
                continue
            }
            // Quoted words are the values of a choice.
            let words = key.expects.split(separator: "\"", omittingEmptySubsequences: false)
            for (number, word) in words.enumerated() where number % 2 == 1 {
                #expect(text.contains("`\"\(word)\"`"), "\(key.name): \(word)")
            }
        }
    }

    @Test("its examples are valid workflows")
    func examples() throws {
        let blocks = try Self.reference().components(separatedBy: "```toml\n").dropFirst()
        #expect(blocks.count > 3)
        for block in blocks {
            let example = block.components(separatedBy: "```")[0]
            let loaded = LoadedText(example)
            #expect(loaded.messages == [], "\(example)")
            #expect(loaded.resolved != nil)
        }
    }
}
