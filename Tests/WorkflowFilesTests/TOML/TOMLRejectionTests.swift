import Testing
import WorkflowFiles
import WorkflowModel

/// What TOML refuses, with the place and the words that a user gets.
@Suite("TOML reader: mistakes")
struct TOMLRejectionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let input: String
        let problems: [String]
        var testDescription: String { input }
        init(_ input: String, _ problems: String...) {
            self.input = input
            self.problems = problems
        }
    }

    private func check(_ test: Case) {
        #expect(Reading.toml(test.input).problems == test.problems)
    }

    @Test(
        "a statement with a part missing",
        arguments: [
            Case("name", "1:5 `=` and a value are missing after the key `name`"),
            Case("name =", "1:7 the value is missing"),
            Case("name = # x", "1:7 the value is missing"),
            Case("= 1", "1:1 the key before `=` is missing"),
            Case("name: 1", "1:5 `:` where `=` belongs"),
            Case("my name = 1", "1:1 a key with spaces needs quotes"),
            Case("naïve = 1", "1:1 a key with letters outside ASCII needs quotes"),
            Case("a. = 1", "1:4 the key before `=` is missing"),
            Case(".a = 1", "1:1 a key is missing: it cannot begin with `.`"),
            Case("a..b = 1", "1:3 a key is missing after `.`: it cannot begin with `.`"),
            Case("\"\"\"a\"\"\" = 1", "1:1 a key cannot be a multi-line string"),
            Case("a = 1 b = 2", "1:7 unexpected text after the end of the statement"),
            Case("a = 1;", "1:6 unexpected text after the end of the statement"),
            Case("[a] b = 1", "1:5 unexpected text after the end of the statement"),
            Case("[a", "1:3 `]` is missing after the name of the table"),
            Case("[[a]", "1:4 `]]` is missing after the name of the table"),
            Case("[a]]", "1:4 unexpected text after the end of the statement"),
            Case("[[a] ]", "1:4 `]]` is missing after the name of the table"),
            Case("[]", "1:1 the name of the table is missing"),
            Case("[[]]", "1:1 the name of the table is missing"),
            Case("[ [a]]", "1:3 a key is missing: it cannot begin with `[`"),
            Case("}", "1:1 `}` without anything that it belongs to"),
        ])
    func statements(test: Case) { check(test) }

    @Test(
        "a word that is no value",
        arguments: [
            Case("a = foo bar # x", "1:5 `foo bar` is not a value"),
            Case("a = [foo, bar]", "1:6 `foo` is not a value"),
            Case("a = True", "1:5 `True` is not a value"),
            Case("a = yes", "1:5 `yes` is not a value"),
            Case("a = null", "1:5 `null` is not a value"),
            Case("a = 5m", "1:5 `5m` is not a value"),
            Case("a = 1.2.3", "1:5 `1.2.3` is not a value"),
            Case("a = ./x", "1:5 `./x` is not a value"),
            Case("a = -x", "1:5 `-x` is not a value"),
            Case("a = \u{201C}x\u{201D}", "1:5 curly quotation marks do not make a string"),
            Case("a = inf1", "1:5 `inf1` is not a value"),
        ])
    func words(test: Case) { check(test) }

    @Test(
        "strings that are not closed, and wrong escapes",
        arguments: [
            Case("a = \"x\nb = 1", "1:5 the string is not closed on its line"),
            Case("a = 'it's'", "1:9 unexpected text after the end of the statement"),
            Case("a = \"x\\", "1:5 the string is not closed on its line"),
            Case("a = \"\"\"x", "1:5 the string is never closed"),
            Case("a = '''x''", "1:5 the string is never closed"),
            Case("a = '''''''x'''", "1:12 unexpected text after the end of the statement"),
            Case(
                #"a = "\d \q""#, #"1:6 `\d` is no escape sequence"#,
                #"1:9 `\q` is no escape sequence"#),
            Case(#"a = "\ud800""#, #"1:6 `\ud800` is no Unicode character"#),
            Case(#"a = "\U00110000""#, #"1:6 `\U00110000` is no Unicode character"#),
            Case(#"a = "\u12""#, #"1:6 `\u12` needs 4 hexadecimal digits, and 2 follow"#),
            Case(#"a = "\x4""#, #"1:6 `\x4` needs 2 hexadecimal digits, and 1 follow"#),
            Case("a = \"\"\"x \\ y\"\"\"", "1:10 a backslash that escapes nothing"),
        ])
    func strings(test: Case) { check(test) }

    @Test(
        "numbers out of form or range",
        arguments: [
            Case("a = 9223372036854775808", "1:5 `9223372036854775808` does not fit into 64 bits"),
            Case(
                "a = -9223372036854775809",
                "1:5 `-9223372036854775809` does not fit into 64 bits"),
            Case("a = 0x8000000000000000", "1:5 `0x8000000000000000` does not fit into 64 bits"),
            Case("a = 007", "1:5 `007` has a leading zero"),
            Case("a = -01", "1:5 `-01` has a leading zero"),
            Case("a = 03.5", "1:5 `03.5` has a leading zero"),
            Case("a = 1__0", "1:5 `1__0` has a `_` that is not between two digits"),
            Case("a = 1_", "1:5 `1_` has a `_` that is not between two digits"),
            Case("a = 0x_1", "1:5 `0x_1` has a `_` that is not between two digits"),
            Case("a = 1._5", "1:5 `1._5` has a `_` that is not between two digits"),
            Case("a = 1.", "1:5 `1.` needs digits on both sides of the dot"),
            Case("a = -.5", "1:5 `-.5` needs digits on both sides of the dot"),
            Case("a = 1.e5", "1:5 `1.e5` needs digits on both sides of the dot"),
            Case("a = 1e", "1:5 `1e` has no digits in its exponent"),
            Case("a = 0x", "1:5 `0x` has no digits"),
            Case("a = 0o8", "1:5 `0o8` has a digit that base 8 does not have"),
            Case("a = +0x1", "1:5 `+0x1` has a sign before its base prefix"),
            Case("a = 0XFF", "1:5 `0XFF` is not a value"),
            Case("a = 1E+5_", "1:5 `1E+5_` has a `_` that is not between two digits"),
        ])
    func numbers(test: Case) { check(test) }

    @Test(
        "dates that do not exist",
        arguments: [
            ("2023-02-29", "that month has 28 days"), ("1900-02-29", "that month has 28 days"),
            ("2023-04-31", "that month has 30 days"), ("2023-13-01", "the month goes from 1 to 12"),
            ("2023-00-01", "the month goes from 1 to 12"),
            ("2023-01-00", "the day goes from 1 to 31"),
            ("2023-1-01", "the month needs 2 digits"),
            ("24:00:00", "the hour goes from 0 to 23"), ("23:60", "the minute goes from 0 to 59"),
            ("23:59:61", "the second goes from 0 to 60"),
            ("07:32:00.", "digits are missing after the dot"),
            ("07:32:0", "the second needs 2 digits"),
            ("2023-01-01T07:32:00+24:00", "the hour of the offset goes from 0 to 23"),
            ("2023-01-01T", "the hour needs 2 digits"), ("07:32:00Z", "its form is wrong"),
            ("2023-01-01x", "its form is wrong"),
        ])
    func dates(text: String, reason: String) {
        let problem = "1:5 `\(text)` is not a valid date or time: \(reason)"
        #expect(Reading.toml("a = \(text)").problems == [problem])
    }

    @Test(
        "keys and tables given twice, with the first place",
        arguments: [
            Case("a = 1\na = 2", "2:1 the key `a` is given twice"),
            Case("a = 1\n\"a\" = 2", "2:1 the key `a` is given twice"),
            Case("a = {b = 1, b = 2}", "1:13 the key `b` is given twice"),
            Case("a.b = 1\na.b = 2", "2:3 the key `b` is given twice"),
            Case("a = 1\na.b = 2", "2:1 `a` is a value: it cannot be extended"),
            Case("a.b = 1\na = 2", "2:1 the key `a` is already a table"),
            Case(
                "a = {}\na.b = 1",
                "2:1 `a` is an inline table, which is complete: it cannot be extended"),
            Case(
                "a = {}\n[a.b]",
                "2:2 `a` is an inline table, which is complete: it cannot be extended"),
            Case("a = []\n[[a]]", "2:1 the key `a` is given twice"),
            Case("a = [{}]\n[a.b]", "2:2 `a` is an array of values: it cannot be extended"),
            Case("[a]\n[a]", "2:1 the table `a` is defined twice"),
            Case("[a]\n[[a]]", "2:1 `a` is a table, not an array of tables"),
            Case("[[a]]\n[a]", "2:1 `a` is an array of tables"),
            Case("[[a.b]]\n[[a]]", "2:1 `a` is a table, not an array of tables"),
            Case("a.b.c = 1\n[a.b]", "2:1 the table `a.b` is defined twice"),
            Case("a.b = 1\n[a]", "2:1 the table `a` is defined twice"),
            Case("a.b = 1\n[[a]]", "2:1 the table `a` is defined twice"),
            Case("[a.b.c]\n[a]\nb.c.d = 1", "3:3 the table `c` cannot be added to by a dotted key"),
            Case("[[a.b]]\n[a]\nb.y = 2", "3:1 the table `b` cannot be added to by a dotted key"),
            Case("a = {b.c = 1, b = 2}", "1:15 the key `b` is already a table"),
            Case(
                "a = {b = {c = 1}, b.d = 2}",
                "1:19 `b` is an inline table, which is complete: it cannot be extended"),
        ])
    func duplicates(test: Case) {
        let reading = Reading.toml(test.input)
        #expect(reading.problems == test.problems)
        #expect(reading.diagnostics.first?.related.isEmpty == false)
    }

    @Test(
        "brackets that do not match, and commas",
        arguments: [
            Case("a = [1, 2", "1:10 the array is not closed"),
            Case("a = [1 2]", "1:7 `,` or `]` is missing in the array"),
            Case("a = [,1]", "1:6 a value is missing before `,`"),
            Case("a = [1,,2]", "1:8 a value is missing before `,`"),
            Case("a = {b = 1", "1:11 the inline table is not closed"),
            Case("a = {b = 1 c = 2}", "1:11 `,` or `}` is missing in the inline table"),
            Case("a = {,}", "1:6 a key is missing before `,`"),
            Case("a = {b = 1,,}", "1:12 a key is missing before `,`"),
            Case("a = {b}", "1:7 `=` is missing after the key `b`"),
            Case("a = {b = }", "1:10 a value is missing before `}`"),
            Case("a = ]", "1:5 a value is missing before `]`"),
            Case("a = [1, 2 # x\nb = 3", "1:14 the array is not closed"),
        ])
    func brackets(test: Case) { check(test) }

    @Test(
        "bytes that are no text",
        arguments: [
            ([0x61, 0x3D, 0x22, 0xFF, 0x22], "1:4 byte 0xFF is not valid UTF-8 here"),
            ([0x23, 0xC0, 0x80], "1:2 byte 0xC0 is not valid UTF-8 here"),
            ([0x23, 0xE0, 0x80, 0x80], "1:2 byte 0xE0 is not valid UTF-8 here"),
            ([0x23, 0xED, 0xA0, 0x80], "1:2 byte 0xED is not valid UTF-8 here"),
            ([0x23, 0xF0, 0x80, 0x80, 0x80], "1:2 byte 0xF0 is not valid UTF-8 here"),
            ([0x23, 0xF4, 0x90, 0x80, 0x80], "1:2 byte 0xF4 is not valid UTF-8 here"),
            ([0x23, 0xE2, 0x82], "1:2 byte 0xE2 is not valid UTF-8 here"),
            ([0x23, 0x00], "1:2 the file holds a NUL byte, so it is not a text file"),
            ([0x23, 0x1B], "1:2 control character U+001B"),
            ([0x23, 0x7F], "1:2 control character U+007F"),
            ([0x61, 0x3D, 0x31, 0x0D, 0x62], "1:4 a carriage return without a newline"),
            ([0x23, 0x0D], "1:2 a carriage return without a newline"),
            ([0xFF, 0xFE, 0x61, 0x00], "1:1 the file is encoded in UTF-16"),
        ] as [([UInt8], String)])
    func encodings(bytes: [UInt8], problem: String) {
        #expect(Reading.toml(bytes).problems == [problem])
    }

    @Test("the help says what to type")
    func help() {
        func help(_ text: String) -> String? { Reading.toml(text).diagnostics.first?.help }
        #expect(help("name = foo") == "strings need quotes: `\"foo\"`")
        #expect(help("name = foo \"x\"") == "strings need quotes: `'foo \"x\"'`")
        #expect(help("a = TRUE") == "write `true`, in lower case")
        #expect(help("[[steps]") == "write `[[steps]]`")
        #expect(help("a b = 1") == "write `\"a b\" = …`")
        #expect(help("[steps]\n[steps]") == "write `[[steps]]` for each of several")
        #expect(help("a = 'it's'") == "text with an apostrophe goes between `\"` marks")
    }
}
