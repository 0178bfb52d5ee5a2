import Testing
import WorkflowFiles
import WorkflowModel

/// What valid TOML means, rule by rule.
@Suite("TOML reader: values")
struct TOMLReaderTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let input: String
        let outline: String
        var testDescription: String { input }
        init(_ input: String, _ outline: String) {
            self.input = input
            self.outline = outline
        }
    }

    private func check(_ test: Case) {
        let reading = Reading.toml(test.input)
        #expect(reading.problems == [])
        #expect(reading.outline == test.outline)
    }

    @Test(
        "keys are bare, quoted or dotted, and keep their order",
        arguments: [
            Case("", "{}"),
            Case("\u{FEFF}a = 1", "{a: 1}"),
            Case("a = 1\r\n# comment\r\n\r\nb = 2", "{a: 1, b: 2}"),
            Case("z = 1\na = 2 # x\n\t b\t=\t3", "{z: 1, a: 2, b: 3}"),
            Case("1-_A = 1\n1234 = 2", "{1-_A: 1, 1234: 2}"),
            Case(
                "\"a b\" = 1\n'c\\d' = 2\n\"\" = 3\n\"\\u00e9\" = 4",
                #"{a b: 1, c\d: 2, : 3, é: 4}"#),
            Case("a.b.c = 1\na.b.d = 2", "{a: {b: {c: 1, d: 2}}}"),
            Case("a . \"b.c\" = 1", "{a: {b.c: 1}}"),
            Case("3.14159 = 1", "{3: {14159: 1}}"),
            Case("\"e\u{301}\" = 1\n\"\u{E9}\" = 2", "{e\u{301}: 1, \u{E9}: 2}"),
            Case("true = 1\ninf = 2", "{true: 1, inf: 2}"),
        ])
    func keys(test: Case) { check(test) }

    @Test(
        "strings of the four kinds, with all escapes",
        arguments: [
            Case(#"a = "x\"y\\z""#, #"{a: "x"y\z"}"#),
            Case(#"a = "\u00e9\U0001F600\x41""#, "{a: \"é😀A\"}"),
            Case(#"a = "\b\t\n\f\r\e""#, "{a: \"\u{8}\t⏎\u{C}\r\u{1B}\"}"),
            Case(#"a = 'C:\x "q"'"#, #"{a: "C:\x "q""}"#),
            Case("a = \"\"", "{a: \"\"}"),
            Case("a = \"\"\"\nx\r\ny\"\"\"", "{a: \"x⏎y\"}"),
            Case("a = \"\"\"\r\nx\"\"\"", "{a: \"x\"}"),
            Case("a = \"\"\"x \\  \n\n  \t y\"\"\"", "{a: \"x y\"}"),
            Case("a = \"\"\"x\\\r\n  y\"\"\"", "{a: \"xy\"}"),
            Case("a = \"\"\"\"\"x\"\"\"\"\"", "{a: \"\"\"x\"\"\"}"),
            Case("a = '''\nx\\\n ''y'''''", "{a: \"x\\⏎ ''y''\"}"),
            Case("a = \"\"\"\"\"\"", "{a: \"\"}"),
            Case("a = \"tab\there\"", "{a: \"tab\there\"}"),
        ])
    func strings(test: Case) { check(test) }

    @Test(
        "numbers in all bases and forms",
        arguments: [
            Case("a = +99\nb = -0\nc = 1_000", "{a: 99, b: 0, c: 1000}"),
            Case("a = 9223372036854775807", "{a: 9223372036854775807}"),
            Case("a = -9223372036854775808", "{a: -9223372036854775808}"),
            Case("a = 0xDEAD_beef\nb = 0o755\nc = 0b1101", "{a: 3735928559, b: 493, c: 13}"),
            Case("a = 0x7FFFFFFFFFFFFFFF", "{a: 9223372036854775807}"),
            Case("a = 3.14\nb = -0.0\nc = 5e+22", "{a: float 3.14, b: float -0.0, c: float 5e+22}"),
            Case("a = 6.6_2E-3_4\nb = 1e06", "{a: float 6.62e-34, b: float 1000000.0}"),
            Case("a = inf\nb = -inf\nc = +nan", "{a: float inf, b: float -inf, c: float nan}"),
            Case("a = true\nb = false", "{a: true, b: false}"),
        ])
    func numbers(test: Case) { check(test) }

    @Test(
        "dates and times of the four kinds are checked and normalised",
        arguments: [
            Case("a = 1979-05-27t07:32:00z", "{a: offsetDateTime 1979-05-27T07:32:00Z}"),
            Case(
                "a = 1979-05-27 07:32:00.5-07:00",
                "{a: offsetDateTime 1979-05-27T07:32:00.5-07:00}"),
            Case("a = 1979-05-27T07:32", "{a: localDateTime 1979-05-27T07:32:00}"),
            Case("a = 1979-05-27 07:32Z", "{a: offsetDateTime 1979-05-27T07:32:00Z}"),
            Case("a = 1979-05-27 # day", "{a: localDate 1979-05-27}"),
            Case(
                "a = [2000-02-29, 07:32:00.999]",
                "{a: [localDate 2000-02-29, localTime 07:32:00.999]}"),
            Case("a = 23:59:60", "{a: localTime 23:59:60}"),
            Case("a = 13:37", "{a: localTime 13:37:00}"),
        ])
    func dates(test: Case) { check(test) }

    @Test(
        "arrays and inline tables, over lines and with trailing commas",
        arguments: [
            Case("a = []\nb = [[], [1]]", "{a: [], b: [[], [1]]}"),
            Case("a = [ # c\n 1,\n # d\n \"x\", # e\n]", "{a: [1, \"x\"]}"),
            Case("a = {}\nb = { x = 1, y.z = 2, y.w = 3 }", "{a: {}, b: {x: 1, y: {z: 2, w: 3}}}"),
            Case("a = {\n x = 1, # one\n y = [\n2],\n}", "{a: {x: 1, y: [2]}}"),
            Case("a = [{x = {y = 1}}, {x = 2}]", "{a: [{x: {y: 1}}, {x: 2}]}"),
        ])
    func containers(test: Case) { check(test) }

    @Test(
        "headers open tables and arrays of tables",
        arguments: [
            Case("[a]\nx = 1\n[b]\n[a.c]\ny = 2", "{a: {x: 1, c: {y: 2}}, b: {}}"),
            Case("[ a . 'b c' ] # x\ny = 1", "{a: {b c: {y: 1}}}"),
            Case("[a.b]\nx = 1\n[a]\ny = 2", "{a: {b: {x: 1}, y: 2}}"),
            Case("[[s]]\nid = 1\n[[s]]\n[[s]]\nid = 3", "{s: [{id: 1}, {}, {id: 3}]}"),
            Case(
                "[[s]]\n[[s.t]]\nx = 1\n[[s.t]]\n[s.u]\ny = 1\n[[s]]\n[[s.t]]\nx = 2",
                "{s: [{t: [{x: 1}, {}], u: {y: 1}}, {t: [{x: 2}]}]}"),
            Case(
                "[f]\na.c = 1\na.t.s = 2\n[f.a.x]\ny = 1",
                "{f: {a: {c: 1, t: {s: 2}, x: {y: 1}}}}"),
            Case("[a.b.c]\nz = 9\n[a]\nb.t = 1", "{a: {b: {c: {z: 9}, t: 1}}}"),
        ])
    func headers(test: Case) { check(test) }

    @Test("every key and value carries its own bytes")
    func places() throws {
        let reading = Reading.toml("[run]\n\"a\".b  =  [1, {c = 'é'}]\n[[steps]]\n[[steps]]\n")
        #expect(reading.problems == [])
        let run = try #require(reading.table["run"])
        #expect(reading.text(run.range) == "[run]")
        guard case .table(let table) = run.content, let entry = table.entries.first,
            case .table(let inner) = entry.value.content, let b = inner.entries.first,
            case .array(let values) = b.value.content, case .table(let last) = values[1].content
        else {
            Issue.record("the shape is another: \(reading.outline)")
            return
        }
        #expect(reading.text(entry.keyRange) == "\"a\"")
        #expect(reading.text(b.keyRange) == "b")
        #expect(reading.text(b.value.range) == "[1, {c = 'é'}]")
        #expect(reading.text(values[0].range) == "1")
        #expect(reading.text(last.entries[0].value.range) == "'é'")
        guard case .array(let steps)? = reading.table["steps"]?.content else {
            Issue.record("no steps")
            return
        }
        #expect(steps.map { reading.text($0.range) } == ["[[steps]]", "[[steps]]"])
        #expect(steps[1].range.offset == steps[0].range.offset + 10)
    }

    @Test("a table of 100,000 keys and 100,000 tables in an array are read in linear time")
    func size() {
        let keys = (0..<100_000).map { "key_\($0) = \($0)\n" }.joined()
        let reading = TOMLReader.read(Array(keys.utf8), file: 0)
        #expect(reading.diagnostics.isEmpty)
        #expect(reading.table.entries.count == 100_000)
        let tables = String(repeating: "[[s]]\na.b = 1\n", count: 100_000)
        let steps = TOMLReader.read(Array(tables.utf8), file: 0)
        #expect(steps.diagnostics.isEmpty)
        guard case .array(let elements)? = steps.table["s"]?.content else {
            Issue.record("no array")
            return
        }
        #expect(elements.count == 100_000)
    }
}
