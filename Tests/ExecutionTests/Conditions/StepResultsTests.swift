import Testing
import TestSupport
import WorkflowModel

@testable import Execution

@Suite("Results files")
struct StepResultsTests {
    private func value(_ file: String, _ path: String...) -> ResultValue? {
        try? StepResults.parse(Array(file.utf8)).value(at: path).get()
    }

    @Test("lines are keys and words, blanks around them aside, and the last one counts")
    func lines() {
        let file = "\u{FEFF}score=0.9\r\n\n  name =  a=b c\t\nscore=1\n  \nempty=\nlast.key=x"
        #expect(value(file, "score") == .word("1"))
        #expect(value(file, "name") == .word("a=b c"))
        #expect(value(file, "empty") == .word(""))
        #expect(value(file, "last", "key") == .word("x"))
        #expect(value(file, "last") == nil)
        #expect(value("", "x") == nil)
    }

    @Test("an object's values keep their types, and the last of equal names counts")
    func object() {
        let file = """
             \n {"a": 1.50e2, "b": "x", "c": null, "d": false, "e": [1, {}], "f": {"g": "h"},
              "a": 2, "u": "\\ud83d\\ude00\\u00e9", "": 0}
            """
        #expect(value(file, "a") == ConditionNumber("2").map { .number($0) })
        #expect(value(file, "b") == .text("x"))
        #expect(value(file, "c") == .null)
        #expect(value(file, "d") == .truth(false))
        #expect(value(file, "e") == .list)
        #expect(value(file, "f", "g") == .text("h"))
        #expect(value(file, "u") == .text("😀é"))
        #expect(value(file, "") == ConditionNumber("0").map { .number($0) })
        #expect(value("{}", "x") == nil)
        #expect(
            value("{\"n\": 0.12345678901234567890}", "n").map(ConditionOperand.shown)
                == "0.12345678901234567890")
    }

    @Test(
        "what is neither is an error that names the line",
        arguments: [
            ("a=1\nhello\n", "line 2 is neither `key=value` nor part of a JSON object"),
            ("[1]", "line 1 is neither `key=value` nor part of a JSON object"),
            ("\n=1", "line 2 has no key before `=`, which is one word"),
            ("two words=1", "line 1 has no key before `=`, which is one word"),
            (
                "{\"a\": 1,\n\"b\": 2\n",
                "the JSON object is broken in line 3, or nests more than "
                    + "16 deep"
            ),
            (
                "{\"a\": 1}\n{\"a\": 2}",
                "the JSON object is broken in line 2, or nests more than "
                    + "16 deep"
            ),
            ("{\"a\": 01}", "the JSON object is broken in line 1, or nests more than 16 deep"),
            ("{\"a\": .5}", "the JSON object is broken in line 1, or nests more than 16 deep"),
            ("{\"a\": 1.}", "the JSON object is broken in line 1, or nests more than 16 deep"),
            ("{\"a\": 1e}", "the JSON object is broken in line 1, or nests more than 16 deep"),
            (
                "{\"a\": \"\\ud83d\"}",
                "the JSON object is broken in line 1, or nests more than 16 deep"
            ),
            ("{", "the JSON object is broken in line 1, or nests more than 16 deep"),
        ])
    func broken(file: String, message: String) {
        #expect {
            _ = try StepResults.parse(Array(file.utf8))
        } throws: {
            "\($0)" == message
        }
    }

    @Test("bytes that are no UTF-8 are an error that names the line")
    func notUTF8() {
        for bytes in [[0x61, 0x3D, 0xFF], [0xC3, 0x28, 0x3D, 0x31]] as [[UInt8]] {
            #expect {
                _ = try StepResults.parse([0x62, 0x3D, 0x0A] + bytes)
            } throws: {
                "\($0)" == "line 2 is not UTF-8"
            }
        }
    }

    @Test("nothing that a step writes makes the reader fail otherwise than by its error")
    func anything() {
        var random = SeededGenerator(seed: 41)
        let pieces = [
            "{", "}", "\"", ":", ",", "[", "]", "a", "=", "\n", "1", "e", "-", ".", "\\", "u", "d8",
            "true", "null", " ", "\u{0}", "é",
        ]
        for _ in 0..<20_000 {
            let text = (0..<random.below(12)).map { _ in pieces[random.below(pieces.count)] }
            let bytes = Array(((random.below(2) == 0 ? "{" : "") + text.joined()).utf8)
            do {
                let results = try StepResults.parse(bytes)
                _ = results.value(at: ["a", "1"])
            } catch {
                #expect(!"\(error)".isEmpty)
            }
        }
        let deep = String(repeating: "{\"a\":", count: 200_000)
        #expect(throws: StepResultsError.self) { try StepResults.parse(Array(deep.utf8)) }
    }
}
