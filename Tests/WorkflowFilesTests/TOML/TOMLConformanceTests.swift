import Foundation
import Testing
import WorkflowFiles
import WorkflowModel

/// Runs a checkout of the toml-test suite's `tests` directory, which the environment variable
/// `STEPVISOR_TOML_TEST` names; the suite is not part of this repository.
@Suite("TOML reader against the toml-test suite")
struct TOMLConformanceTests {
    static let directory = ProcessInfo.processInfo.environment["STEPVISOR_TOML_TEST"] ?? ""

    @Test(
        "every case of the suite's lists is read, or refused, as it demands",
        .enabled(if: !directory.isEmpty, "STEPVISOR_TOML_TEST names no toml-test directory"),
        arguments: ["files-toml-1.0.0", "files-toml-1.1.0"])
    func suite(list: String) throws {
        let root = URL(fileURLWithPath: Self.directory)
        let listing = try String(contentsOf: root.appending(path: list), encoding: .utf8)
        let accepted = try Self.validIn11(root)
        var counts = (valid: 0, invalid: 0)
        for line in listing.split(whereSeparator: \.isNewline) where line.hasSuffix(".toml") {
            let name = String(line)
            let bytes = try [UInt8](Data(contentsOf: root.appending(path: name)))
            let (table, diagnostics) = TOMLReader.read(bytes, file: 0)
            if name.hasPrefix("valid/") {
                counts.valid += 1
                #expect(diagnostics.map(\.message) == [], "\(name)")
                let expected = try Data(
                    contentsOf: root.appending(path: String(name.dropLast(4)) + "json"))
                let json = try JSONSerialization.jsonObject(with: expected)
                #expect(TaggedJSON.matches(table, json), "\(name) has other values")
            } else if accepted.contains(name) {
                counts.invalid += 1
                #expect(!diagnostics.isEmpty, "\(name) was accepted")
            }
        }
        #expect(counts.valid > 200 && counts.invalid > 400)
    }

    /// Cases that 1.1 refuses too: what only 1.0 refuses is accepted here.
    private static func validIn11(_ root: URL) throws -> Set<String> {
        let listing = try String(
            contentsOf: root.appending(path: "files-toml-1.1.0"), encoding: .utf8)
        return Set(listing.split(whereSeparator: \.isNewline).map(String.init))
    }
}

/// The suite's notation of expected values: every leaf is `{"type": …, "value": …}`.
private enum TaggedJSON {
    static func matches(_ table: DocumentTable, _ json: Any) -> Bool {
        guard let object = json as? [String: Any], object.count == table.entries.count else {
            return false
        }
        return table.entries.allSatisfy { entry in
            object[entry.key].map { matches(entry.value, $0) } ?? false
        }
    }

    static func matches(_ value: DocumentValue, _ json: Any) -> Bool {
        switch value.content {
        case .table(let table):
            return matches(table, json)
        case .array(let elements):
            guard let array = json as? [Any], array.count == elements.count else { return false }
            return zip(elements, array).allSatisfy { matches($0, $1) }
        case .string(let text):
            return leaf(json, "string").map { $0.utf8.elementsEqual(text.utf8) } ?? false
        case .integer(let number):
            return leaf(json, "integer") == String(number)
        case .boolean(let isTrue):
            return leaf(json, "bool") == String(isTrue)
        case .float(let number):
            guard let expected = leaf(json, "float").flatMap(Double.init) else { return false }
            return number == expected || number.isNaN && expected.isNaN
        case .dateTime(let time):
            return leaf(json, type(of: time)).map(trimmed) == trimmed(time.text)
        case .null:
            return false
        }
    }

    private static func leaf(_ json: Any, _ type: String) -> String? {
        guard let object = json as? [String: String], object["type"] == type else { return nil }
        return object["value"]
    }

    private static func type(of time: DocumentDateTime) -> String {
        switch time.kind {
        case .offsetDateTime: "datetime"
        case .localDateTime: "datetime-local"
        case .localDate: "date-local"
        case .localTime: "time-local"
        }
    }

    /// Without trailing zeros in the fraction: `.600` and `.6` are one time.
    private static func trimmed(_ time: String) -> String {
        guard let dot = time.firstIndex(of: ".") else { return time }
        let end = time[dot...].dropFirst().firstIndex { !$0.isNumber } ?? time.endIndex
        var fraction = time[dot..<end]
        while let last = fraction.last, last == "0" || last == "." { fraction.removeLast() }
        return String(time[..<dot] + fraction + time[end...])
    }
}
