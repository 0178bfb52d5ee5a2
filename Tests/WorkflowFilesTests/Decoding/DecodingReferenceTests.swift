import Foundation
import Testing
import TestSupport
import WorkflowFiles
import WorkflowModel

@Suite("The reference of the workflow file")
struct DecodingReferenceTests {
    /// The heading under which the keys of a table stand.
    private static let headings: [WorkflowKey.Table: String] = [
        .workflow: "The top of the file", .execution: "`[execution]`",
        .retry: "`[execution.retry]`",
        .throttle: "`[execution.throttle]`", .breaker: "A breaker", .resource: "A resource",
        .group: "A group",
        .cache: "`[cache]`", .composition: "`[composition]`", .include: "An include",
        .errorPropagation: "`[error_propagation]`",
        .speclet: "A speclet", .task: "A task", .step: "A step", .backup: "A backup",
    ]

    private static func reference() throws -> String {
        let root = Repository.root
        return try String(
            contentsOf: root.appendingPathComponent("docs/workflow-file.md"), encoding: .utf8)
    }

    /// The lines from a heading to the next.
    private static func section(_ heading: String, of text: String) -> [Substring] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(of: "### " + heading) else { return [] }
        return Array(lines[(start + 1)...].prefix { !$0.hasPrefix("#") || $0.hasPrefix("# ") })
    }

    private static func rows(_ table: WorkflowKey.Table, of text: String) throws -> [Substring] {
        section(try #require(headings[table]), of: text).filter { $0.hasPrefix("| `") }
    }

    private static func known(_ table: WorkflowKey.Table) -> [[String]] {
        WorkflowKeys.all.filter { $0.table == table && !$0.isIgnored }.map(\.spellings)
    }

    /// Keys that are known and not documented, or documented and not known, or so twice.
    private static func differences(
        _ rows: some Sequence<Substring>, _ table: WorkflowKey.Table
    ) -> [[String]] {
        var left = known(table)
        var unknown: [[String]] = []
        for row in rows {
            let spellings = row.dropFirst(2).prefix { $0 != "|" }.split(separator: ",").map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
            }
            if let place = left.firstIndex(of: spellings) {
                left.remove(at: place)
            } else {
                unknown.append(spellings)
            }
        }
        return left + unknown
    }

    @Test(
        "a key of any table that is missing in it is found", arguments: WorkflowKey.Table.allCases)
    func missing(table: WorkflowKey.Table) throws {
        let rows = try Self.rows(table, of: try Self.reference())
        // A table whose keys nobody lists would be documented by nothing at all.
        #expect(!rows.isEmpty && !Self.known(table).isEmpty)
        for number in rows.indices {
            var fewer = rows
            fewer.remove(at: number)
            #expect(Self.differences(fewer, table).count == 1, "\(rows[number])")
            #expect(Self.differences(rows + [rows[number]], table).count == 1)
        }
    }

    @Test(
        "what the decoder knows in each table is what it lists",
        arguments: WorkflowKey.Table.allCases)
    func listed(table: WorkflowKey.Table) {
        // Each table is reached by a file, and says its own name of a key that nobody knows.
        let testCase = KeyCase(table: table, line: "no_such_key = 1") { _ in true }
        let messages = LoadedText(testCase.text).messages
        let place = table == .workflow ? "at \(table.rawValue)" : "in \(table.rawValue)"
        #expect(
            messages.contains { $0.contains("unknown key `no_such_key` \(place)") }, "\(messages)")
    }

    @Test("it documents exactly the keys that are known", arguments: WorkflowKey.Table.allCases)
    func keys(table: WorkflowKey.Table) throws {
        let rows = try Self.rows(table, of: try Self.reference())
        #expect(Self.differences(rows, table) == [])
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
