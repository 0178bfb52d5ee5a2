import Foundation
import Testing
import TestSupport

/// A row of docs/faults.md.
private struct FaultRow {
    let number: Int
    let status: String

    /// The tests that the status names, as `Suite/test`.
    var tests: [(suite: String, test: String)] {
        guard status.hasPrefix("proven") else { return [] }
        return status.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .compactMap { offset, part in
                guard offset % 2 == 1 else { return nil }
                let halves = part.split(separator: "/")
                guard halves.count == 2 else { return (String(part), "") }
                return (String(halves[0]), String(halves[1]))
            }
    }
}

@Suite("The table of faults in docs/faults.md is true")
struct FaultTableTests {
    /// As many as were proven when the table was last looked at; it only grows.
    private static let leastProven = 145

    private static let repository = Repository.root

    private func rows() throws -> [FaultRow] {
        let text = try String(
            contentsOf: Self.repository.appendingPathComponent("docs/faults.md"), encoding: .utf8)
        return text.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count == 6, let number = Int(cells[1]) else { return nil }
            return FaultRow(number: number, status: cells[4])
        }
    }

    /// Every test function by the suite in whose file it stands.
    private func testNames() throws -> Set<String> {
        var names: Set<String> = []
        let tests = Self.repository.appendingPathComponent("Tests")
        let files = try #require(FileManager.default.enumerator(atPath: tests.path))
        for case let file as String in files where file.hasSuffix(".swift") {
            let text = try String(
                contentsOf: tests.appendingPathComponent(file), encoding: .utf8)
            var suite = ""
            var isTest = false
            for line in text.split(separator: "\n") {
                let words = line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
                if line.contains("@Test") { isTest = true }
                if let at = words.firstIndex(where: { $0 == "struct" || $0 == "enum" }),
                    words.indices.contains(at + 1), words[at + 1].hasSuffix("Tests")
                {
                    suite = String(words[at + 1])
                }
                if isTest, let at = words.firstIndex(of: "func"), words.indices.contains(at + 1) {
                    names.insert("\(suite)/\(words[at + 1])")
                    isTest = false
                }
            }
        }
        return names
    }

    @Test("each of the 147 faults stands there once, with a status of one of three kinds")
    func complete() throws {
        let rows = try rows()
        #expect(rows.map(\.number) == Array(1...147))
        for row in rows {
            let isOfAKind = ["proven by `", "not yet: ", "not applicable: "].contains {
                row.status.hasPrefix($0)
            }
            #expect(isOfAKind, "\(row.number): \(row.status)")
        }
    }

    @Test("every test that the table names exists")
    func named() throws {
        let known = try testNames()
        for row in try rows() where row.status.hasPrefix("proven") {
            #expect(!row.tests.isEmpty, "\(row.number) names no test")
            for (suite, test) in row.tests {
                #expect(known.contains("\(suite)/\(test)"), "\(row.number): \(suite)/\(test)")
            }
        }
    }

    @Test("no fewer are proven than were")
    func proven() throws {
        let count = try rows().count { $0.status.hasPrefix("proven") }
        #expect(count >= Self.leastProven)
    }
}
