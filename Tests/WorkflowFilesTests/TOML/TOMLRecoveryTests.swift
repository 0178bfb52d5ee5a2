import Testing
import WorkflowFiles
import WorkflowModel

/// All mistakes of a file in one go, and none that only follows from another.
@Suite("TOML reader: going on after a mistake")
struct TOMLRecoveryTests {
    @Test("each mistake of a file is reported once, the rest is read")
    func independentMistakes() {
        let reading = Reading.toml(
            """
            name = foo
            good = 1
            bad = "x
            [[steps]]
            id = "a"
            flag = True
            [[steps]]
            id = "b"
            id = "c"
            """)
        #expect(
            reading.problems == [
                "1:8 `foo` is not a value", "3:7 the string is not closed on its line",
                "6:8 `True` is not a value", "9:1 the key `id` is given twice",
            ])
        #expect(reading.outline == "{good: 1, steps: [{id: \"a\"}, {id: \"b\"}]}")
    }

    @Test("keys below a header that cannot be read belong to no other table")
    func brokenHeader() {
        let reading = Reading.toml("[[s]]\nid = 1\n[[s]\nid = 2\n[[s]]\nid = 3")
        #expect(reading.problems == ["3:4 `]]` is missing after the name of the table"])
        #expect(reading.outline == "{s: [{id: 1}, {id: 3}]}")
        let twice = Reading.toml("[a]\nx = 1\n[a]\nx = 2\n[b]\nx = 3")
        #expect(twice.problems == ["3:1 the table `a` is defined twice"])
        #expect(twice.outline == "{a: {x: 1}, b: {x: 3}}")
    }

    @Test("an array that is left open ends where the next statement begins")
    func openArray() {
        let reading = Reading.toml("a = [\"x\",\n  \"y\"\nb = 1\n[c]\nd = [\n 1,\n[e]\nf = 2 3")
        #expect(
            reading.problems == [
                "2:6 the array is not closed", "6:4 the array is not closed",
                "8:7 unexpected text after the end of the statement",
            ])
        #expect(reading.outline == "{b: 1, c: {}, e: {f: 2}}")
    }

    @Test("after a mistake in brackets, reading goes on behind their end")
    func mistakeInBrackets() {
        let reading = Reading.toml(
            """
            a = [
              "x"
              "y", # ]
              "]",
              { b = "}" },
            ]
            c = 1
            d = {
              e = 1 2,
              f = 3
            }
            g = nope
            """)
        #expect(
            reading.problems == [
                "2:6 `,` or `]` is missing in the array",
                "9:8 `,` or `}` is missing in the inline table", "12:5 `nope` is not a value",
            ])
        #expect(reading.outline == "{c: 1}")
    }

    @Test("a multi-line string that is never closed ends at the next header")
    func openMultiLineString() {
        let reading = Reading.toml("a = '''x\n y = z\n[b]\nc = 1\nd = \n")
        #expect(reading.problems == ["1:5 the string is never closed", "5:4 the value is missing"])
        #expect(reading.outline == "{b: {c: 1}}")
    }

    @Test("a key whose value is wrong is still taken")
    func brokenValueKeepsKey() {
        let reading = Reading.toml("a = x\na = 1\n[b]\nc = [1 2]\nc = 3\nd = {e = }\nd.f = 1")
        #expect(
            reading.problems == [
                "1:5 `x` is not a value", "2:1 the key `a` is given twice",
                "4:7 `,` or `]` is missing in the array", "5:1 the key `c` is given twice",
                "6:10 a value is missing before `}`",
            ])
    }

    @Test("a line that is not text is reported once")
    func textAndSyntax() {
        let bytes: [UInt8] = Array("a = \u{1} x\nb = y\n".utf8)
        #expect(
            Reading.toml(bytes).problems == [
                "1:5 control character U+0001", "2:5 `y` is not a value",
            ])
    }

    @Test("beyond twenty mistakes only their number is given")
    func manyMistakes() {
        let some = Reading.toml(String(repeating: "x\n", count: 25))
        #expect(some.diagnostics.count == 21)
        #expect(some.problems.last == "21:2 and 5 more errors in this file")
        #expect(some.diagnostics.last?.severity == .error)
        let one = Reading.toml(String(repeating: "x\n", count: 21))
        #expect(one.problems.last == "21:2 and 1 more error in this file")
        let endless = Reading.toml(String(repeating: "x\n", count: 100_000))
        #expect(endless.problems.last == "21:2 and more than 1000 more errors in this file")
    }

    @Test(
        "hostile nesting is refused at its first step too deep",
        arguments: ["[", "x = [", "x = {a=", "a.", "[a.", "[[", "x = [{a="])
    func depth(unit: String) {
        var text = unit == "a." ? "" : unit
        let inner = unit.hasPrefix("x = ") ? String(unit.dropFirst(4)) : unit == "[a." ? "a." : unit
        for _ in 0..<200_000 { text += inner }
        let reading = Reading.toml(text)
        #expect(reading.diagnostics.count == 1)
        let start = Int(reading.diagnostics.first?.range?.offset ?? .max)
        #expect(start < 2_000)
    }

    @Test("nesting up to the limit is read")
    func depthLimit() {
        let open = String(repeating: "[", count: 128)
        let close = String(repeating: "]", count: 128)
        #expect(Reading.toml("x = \(open)\(close)").problems == [])
        #expect(Reading.toml("x = [\(open)\(close)]").problems.count == 1)
    }
}
