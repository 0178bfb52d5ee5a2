import Foundation
import Testing
import TestSupport
import WorkflowFiles
import WorkflowModel

@Suite("JSON reader")
struct JSONReaderTests {
    @Test(
        "values keep their kind, integers stay integers",
        arguments: [
            ("{}", "{}"),
            (" \r\n\t{ \"b\" : 1 , \"a\":[ ] }\n", "{b: 1, a: []}"),
            ("\u{FEFF}{\"a\": null}", "{a: null}"),
            (
                #"{"i": -12, "f": 1.0, "e": 2E+3, "t": true, "n": false}"#,
                "{i: -12, f: float 1.0, e: float 2000.0, t: true, n: false}"
            ),
            (#"{"a": 9223372036854775807}"#, "{a: 9223372036854775807}"),
            (#"{"a": 0, "b": -0, "c": 0.5}"#, "{a: 0, b: 0, c: float 0.5}"),
            (#"{"a": "x\"\\\/\n\u00e9\ud83d\ude00é"}"#, #"{a: "x"\/⏎é😀é"}"#),
            (#"{"\u0061": [1, {"b": [[]]}]}"#, "{a: [1, {b: [[]]}]}"),
            ("{\"e\u{301}\": 1, \"\u{E9}\": 2}", "{e\u{301}: 1, \u{E9}: 2}"),
            ("{\"a\": \"\u{7F}\"}", "{a: \"\u{7F}\"}"),
        ])
    func values(text: String, outline: String) {
        let reading = Reading.json(text)
        #expect(reading.problems == [])
        #expect(reading.outline == outline)
    }

    @Test(
        "a mistake is named where it stands",
        arguments: [
            ("", "1:1 the file is empty"),
            (" [1]", "1:2 the top level is not an object"),
            ("{\"a\": 1,}", "1:9 a key is missing before `}`"),
            ("{\"a\": [1,]}", "1:10 a value is missing before `]`"),
            ("{\"a\": 1 \"b\": 2}", "1:8 `,` or `}` is missing in the object"),
            ("{\"a\": [1 2]}", "1:9 `,` or `]` is missing in the array"),
            ("{\"a\": 1", "1:8 the object is not closed"),
            ("{\"a\": [1", "1:9 the array is not closed"),
            ("{\"a\"", "1:5 `:` is missing after the key `a`"),
            ("{\"a\" = 1}", "1:6 `:` is missing after the key `a`"),
            ("{a: 1}", "1:2 the key `a` needs quotes"),
            ("{\"a\": foo}", "1:7 `foo` is not a value"),
            ("{\"a\": True}", "1:7 `True` is not a value"),
            ("{\"a\": NaN}", "1:7 `NaN` is not a value"),
            ("{\"a\": 'x'}", "1:7 a string between `'` marks"),
            ("{\n  // x\n}", "2:3 JSON has no comments"),
            ("{\"a\": 1 // x\n}", "1:9 JSON has no comments"),
            ("{\"a\": 01}", "1:7 `01` is not a number"),
            ("{\"a\": 1.}", "1:7 `1.` is not a number"),
            ("{\"a\": -}", "1:7 `-` is not a number"),
            ("{\"a\": 1e}", "1:7 `1e` is not a number"),
            ("{\"a\": +1}", "1:7 a number cannot begin with `+`"),
            ("{\"a\": .5}", "1:7 a number cannot begin with `.`"),
            ("{\"a\": 9223372036854775808}", "1:7 `9223372036854775808` does not fit into 64 bits"),
            ("{\"a\": \"x\n\"}", "1:7 the string is not closed on its line"),
            ("{\"a\": \"\t\"}", "1:8 a control character in a string"),
            (#"{"a": "\q"}"#, "1:8 no such escape sequence"),
            (#"{"a": "\u12"}"#, #"1:7 a wrong `\u` escape in the string"#),
            (#"{"a": "\ud800"}"#, #"1:7 a wrong `\u` escape in the string"#),
            ("{} x", "1:4 text after the end of the object"),
            ("{\"a\": é}", "1:7 `é` is not a value"),
            ("{\"a\": \u{0}}", "1:7 the file holds a NUL byte, so it is not a text file"),
            ("{\"a\": 1, \"b\": 2, \"a\": 3}", "1:18 the key `a` is given twice"),
            (#"{"a": {"b": 1, "\u0062": 3}}"#, "1:16 the key `b` is given twice"),
        ])
    func mistakes(text: String, problem: String) {
        #expect(Reading.json(text).problems == [problem])
    }

    @Test("all keys given twice are reported, with their first places")
    func duplicates() {
        let many = (0..<40).map { "\"k\($0 % 30)\": \($0)" }.joined(separator: ",\n")
        let reading = Reading.json("{\(many)}")
        #expect(reading.diagnostics.count == 10)
        #expect(reading.problems.first == "31:1 the key `k0` is given twice")
        let first = reading.diagnostics.first?.related.first
        #expect(first.map { reading.text($0.range) } == "\"k0\"")
        #expect(reading.table.entries.count == 30)
    }

    @Test("bytes that are not UTF-8 are refused before anything else")
    func encoding() {
        let bytes: [UInt8] = Array("{\"a\": \"".utf8) + [0xC3, 0x28] + Array("\"}".utf8)
        #expect(Reading.json(bytes).problems == ["1:8 byte 0xC3 is not valid UTF-8 here"])
    }

    @Test("every key and value carries its own bytes")
    func places() throws {
        let reading = Reading.json("{\n \"é\": [1.5, {\"b\" : \"x\\n\"}]}")
        let entry = try #require(reading.table.entries.first)
        #expect(reading.text(entry.keyRange) == "\"é\"")
        #expect(reading.text(entry.value.range) == "[1.5, {\"b\" : \"x\\n\"}]")
        guard case .array(let values) = entry.value.content,
            case .table(let table) = values[1].content
        else {
            Issue.record("the shape is another: \(reading.outline)")
            return
        }
        #expect(reading.text(values[0].range) == "1.5")
        #expect(reading.text(table.entries[0].value.range) == "\"x\\n\"")
    }

    @Test("hostile nesting is refused, nesting up to the limit read")
    func depth() {
        let hostile = "{\"a\": " + String(repeating: "[", count: 1_000_000)
        let problem = "1:134 arrays and objects nested more than 128 deep"
        #expect(Reading.json(hostile).problems == [problem])
        let inner = String(repeating: "[", count: 127) + String(repeating: "]", count: 127)
        #expect(Reading.json("{\"a\": \(inner)}").problems == [])
    }

    @Test("what is read agrees with Foundation, value by value", arguments: 0..<200)
    func agreesWithFoundation(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let text = RandomJSON.object(depth: 4, &random)
        let reading = Reading.json(text)
        #expect(reading.problems == [])
        let data = Data(text.utf8)
        let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
        let root = DocumentValue(.table(reading.table), at: .init(file: 0, offset: 0, length: 0))
        let isSame = agrees(root, object as Any)
        #expect(isSame, "\(text)")
    }

    private func agrees(_ value: DocumentValue, _ json: Any) -> Bool {
        switch value.content {
        case .table(let table):
            guard let object = json as? [String: Any] else { return false }
            return object.count == table.entries.count
                && table.entries.allSatisfy { entry in
                    object[entry.key].map { agrees(entry.value, $0) } ?? false
                }
        case .array(let values):
            guard let array = json as? [Any], array.count == values.count else { return false }
            return zip(values, array).allSatisfy { agrees($0, $1) }
        case .string(let text): return json as? String == text
        case .integer(let number): return (json as? NSNumber)?.stringValue == String(number)
        case .float(let number):
            // Foundation goes by way of a decimal number here and may be off in the last bit.
            guard let other = (json as? NSNumber)?.doubleValue else { return false }
            return abs(other - number) <= abs(number) * 1e-15
        case .boolean(let isTrue): return (json as? NSNumber)?.boolValue == isTrue
        case .null: return json is NSNull
        case .dateTime: return false
        }
    }
}

/// Random valid JSON with the spellings that are easily got wrong.
private enum RandomJSON {
    static func object(depth: Int, _ random: inout SeededGenerator) -> String {
        let count = Int.random(in: 0...4, using: &random)
        let entries = (0..<count).map { index in
            "\"k\(index)\(string(&random))\":\(value(depth: depth - 1, &random))"
        }
        return "{\(entries.joined(separator: " ,\n"))}"
    }

    private static func value(depth: Int, _ random: inout SeededGenerator) -> String {
        switch Int.random(in: depth > 0 ? 0...6 : 2...6, using: &random) {
        case 0: return object(depth: depth, &random)
        case 1:
            let count = Int.random(in: 0...4, using: &random)
            let values = (0..<count).map { _ in value(depth: depth - 1, &random) }
            return "[ \(values.joined(separator: ", ")) ]"
        case 2: return String(Int64.random(in: .min ... .max, using: &random))
        case 3: return String(Double.random(in: -1e9...1e9, using: &random))
        case 4: return ["true", "false", "null"].randomElement(using: &random) ?? "null"
        case 5: return ["0.1e-5", "1E3", "-0.0", "12e+2"].randomElement(using: &random) ?? "0"
        default: return "\"\(string(&random))\""
        }
    }

    private static func string(_ random: inout SeededGenerator) -> String {
        let parts = ["a", "é", "\\n", "\\\"", "\\\\", "\\u00e9", "\\ud83d\\ude00", "/", "\\/", " "]
        return (0..<3).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
    }
}
