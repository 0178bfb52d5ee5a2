import Testing
import WorkflowModel

@Suite("Problems as text")
struct RenderingTests {
    private func table(_ bytes: [UInt8], path: String = "w.toml") -> SourceTable {
        var table = SourceTable()
        _ = table.add(SourceFile(path: path, bytes: bytes))
        return table
    }

    /// The shown line and the line with the carets.
    private func excerpt(_ text: String, at offset: Int, length: Int) -> [String] {
        excerpt(Array(text.utf8), at: offset, length: length)
    }

    private func excerpt(_ bytes: [UInt8], at offset: Int, length: Int) -> [String] {
        let range = SourceRange(file: 0, offset: offset, length: length)
        let lines = table(bytes).render(.error("x", at: range)).split(
            separator: "\n", omittingEmptySubsequences: false)
        return lines[1...2].map { String($0.dropFirst(8)) }
    }

    @Test("place, message, line, caret, help and related places")
    func whole() {
        let text = "# x\n\ndependancies = [\"build\"]\n"
        let problem = Diagnostic.error(
            "unknown key `dependancies` in step `lint`",
            at: SourceRange(file: 0, offset: 5, length: 12),
            help: "did you mean `dependencies`?",
            related: [.init("first declared here", at: .init(file: 0, offset: 2, length: 1))])
        #expect(
            table(Array(text.utf8)).render(problem) == """
                w.toml:3:1: error: unknown key `dependancies` in step `lint`
                    3 | dependancies = ["build"]
                      | ^^^^^^^^^^^^
                      = help: did you mean `dependencies`?
                w.toml:1:3: note: first declared here

                """)
    }

    @Test("a problem without a place has only its words")
    func noPlace() {
        #expect(
            SourceTable().render(.warning("nothing to do", help: "add a step"))
                == "warning: nothing to do\n      = help: add a step\n")
        #expect(
            SourceTable().render(.error("x", at: .init(file: 7, offset: 3, length: 1)))
                == "error: x\n")
    }

    @Test(
        "carets stand below their text, whatever is before it",
        arguments: [
            ("abc", 1, 1, "abc", " ^"),
            ("abc", 3, 0, "abc", "   ^"),
            ("\tab\tcd", 4, 2, "\tab\tcd", "\t  \t^^"),
            ("é = x", 5, 1, "é = x", "    ^"),
            ("e\u{301} = x", 6, 1, "e\u{301} = x", "    ^"),
            ("日本 = x", 0, 6, "日本 = x", "^^^^"),
            ("日本 = x", 9, 1, "日本 = x", "       ^"),
            ("a\r\nb", 0, 9, "a", "^"),
            ("", 0, 0, "", "^"),
            ("a\nb", 2, 1, "b", "^"),
            ("a\n", 2, 0, "", "^"),
            ("\u{FEFF}ab", 4, 1, "ab", " ^"),
            ("\u{1B}[31mx", 5, 1, "␛[31mx", "     ^"),
            ("a\u{7F}\u{0}b", 3, 1, "a␡␀b", "   ^"),
            ("\u{202E}ab", 3, 1, "\\u{202E}ab", "        ^"),
            ("\u{85}x", 2, 1, "\\u{85}x", "      ^"),
        ])
    func carets(text: String, offset: Int, length: Int, line: String, carets: String) {
        #expect(excerpt(text, at: offset, length: length) == [line, carets])
    }

    @Test(
        "bytes that are no UTF-8 are shown as replacement characters",
        arguments: [
            ([0xFF, 0x61], 1, "\u{FFFD}a", " ^"),
            ([0xE2, 0x82, 0x61], 2, "\u{FFFD}a", " ^"),
            ([0xF0, 0x9F, 0x98, 0x61], 3, "\u{FFFD}a", " ^"),
            ([0xC0, 0x80, 0x61], 2, "\u{FFFD}\u{FFFD}a", "  ^"),
            ([0xED, 0xA0, 0x80, 0x61], 3, "\u{FFFD}\u{FFFD}\u{FFFD}a", "   ^"),
        ] as [([UInt8], Int, String, String)])
    func malformed(bytes: [UInt8], offset: Int, line: String, carets: String) {
        #expect(excerpt(bytes, at: offset, length: 1) == [line, carets])
    }

    @Test("a long line is cut around the place, and the caret still fits")
    func longLine() {
        let lead = String(repeating: "x", count: 1_000)
        let line = lead + "HERE" + String(repeating: "y", count: 9_000)
        let shown = excerpt("ab\n" + line, at: 1_003, length: 4)
        #expect(shown[0].hasPrefix("…xxx") && shown[0].hasSuffix("yyy…"))
        #expect(shown[0].count <= 102)
        let place = shown[0].firstIndex(of: "H").map { shown[0][..<$0].count }
        let caret = shown[1].firstIndex(of: "^").map { shown[1][..<$0].count }
        #expect(place == caret)
        #expect(shown[1].hasSuffix(" ^^^^"))
    }

    @Test("a range longer than the line ends with what is shown")
    func longRange() {
        let shown = excerpt(String(repeating: "x", count: 300) + "\nb", at: 0, length: 5_000)
        #expect(shown[0].count == 101)
        #expect(shown[1] == String(repeating: "^", count: 100))
    }

    @Test("columns are counted in characters, lines from a table made once")
    func positions() {
        let table = table(Array("aé日x\r\n\n  y".utf8))
        func place(_ offset: Int) -> [Int] {
            let place = table.position(of: .init(file: 0, offset: offset, length: 0))
            return [place.line, place.column]
        }
        #expect(place(0) == [1, 1])
        #expect(place(6) == [1, 4])
        #expect(place(8) == [1, 6])
        #expect(place(9) == [2, 1])
        #expect(place(12) == [3, 3])
        #expect(place(13) == [3, 4])
        #expect(place(99) == [3, 4])
    }

    @Test("control characters in messages and paths are made visible")
    func neutralised() {
        let table = table(Array("a".utf8), path: "w\u{1B}.toml")
        let problem = Diagnostic.error(
            "key `a\nb\u{202E}`", at: .init(file: 0, offset: 0, length: 1), help: "\u{7}")
        #expect(
            table.render(problem) == """
                w␛.toml:1:1: error: key `a␊b\\u{202E}`
                    1 | a
                      | ^
                      = help: ␇

                """)
        #expect(DisplayText.neutralised("plain 日本 é") == "plain 日本 é")
    }

    @Test("problems are sorted by file and place, and the rest is counted")
    func sorting() {
        func at(_ file: Int, _ offset: Int, _ name: String) -> Diagnostic {
            .error(name, at: .init(file: file, offset: offset, length: 1))
        }
        let all = [
            .error("none"), at(1, 0, "c"), at(0, 5, "b"), at(0, 1, "a1"), at(0, 1, "a2"),
        ]
        #expect(all.sortedByPlace().map(\.message) == ["a1", "a2", "b", "c", "none"])
        let text = SourceTable().render(all, limit: 3)
        #expect(text == "error: a1\n\nerror: a2\n\nerror: b\n\nand 2 more problems\n")
    }
}
