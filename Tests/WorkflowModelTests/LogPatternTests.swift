import Testing
import WorkflowModel

@Suite("Patterns for logs are POSIX extended regular expressions")
struct LogPatternTests {
    private func finds(_ pattern: String, in line: String) throws -> Bool {
        let pattern = try LogPattern(pattern)
        return Array(line.utf8).withUnsafeBytes { pattern.isFound(in: $0) }
    }

    @Test(
        "a line holds what a pattern means",
        arguments: [
            ("ok", "it is ok now", true), ("ok", "it is not", false), ("ok", "o", false),
            ("ok", "ook", true), ("^done$", "done", true), ("^done$", "done.", false),
            ("[0-9]+ passed", "12 passed", true), ("[[:digit:]]{3}", "12", false),
            ("a|b", "xbx", true), ("\\(x\\)", "f(x)", true), ("\\bx\\b", "a x b", true),
            ("\\<x", "ax", false), ("[\\d]", "d", true), ("x{2,3}", "axxb", true),
            ("", "anything", true), ("^$", "", true), ("ü", "über ü", true),
            ("HTTP/1\\.[01] 429", "HTTP/1.1 429 Too Many", true),
        ])
    func meaning(pattern: String, line: String, isFound: Bool) throws {
        #expect(try finds(pattern, in: line) == isFound)
    }

    @Test("a byte 0 in a line is a byte like others, and what is behind it is looked at")
    func zeroByte() throws {
        #expect(try finds("b+", in: "a\0b"))
        #expect(try finds("b", in: "a\0b"))
    }

    @Test("parts of a line are known for parts: `^` and `$` mean the line's ends")
    func parts() throws {
        let (begin, end) = (try LogPattern("^x"), try LogPattern("x$"))
        Array("x".utf8).withUnsafeBytes { bytes in
            #expect(begin.isFound(in: bytes, isStart: true, isEnd: false))
            #expect(!begin.isFound(in: bytes, isStart: false, isEnd: true))
            #expect(!end.isFound(in: bytes, isStart: true, isEnd: false))
            #expect(end.isFound(in: bytes, isStart: false, isEnd: true))
        }
    }

    @Test(
        "what is none, or would be taken in another sense, is refused with what to write",
        arguments: [
            ("a(b", "unmatched", nil as String?),
            ("a[b", "unmatched", nil), ("*{", "", nil),
            ("\\d+", "`\\d` has no meaning", "write `[0-9]`"),
            ("\\n", "`\\n` has no meaning", "for the letter itself write `n`"),
            ("(a)\\1", "refers to what was found before", "write what is to be found"),
            ("(((a{100}){100}){100})", "more than 16 mib", "write `+` or `*`"),
            ("(a{1,1000}){1,1000}", "more than 16 mib", "write `+` or `*`"),
            ("x{0,10000}", "more than 16 mib", nil),
            ("(a?){9}(b?){20000}", "more than 16 mib", nil),
            ("((((a{1,20}){1,20}){1,20}){1,20})", "more than 16 mib", nil),
            (String(repeating: "a?", count: 2000), "more than 16 mib", nil),
            ("(\(String(repeating: "word", count: 500))){9000}", "more than 16 mib", nil),
            ("a{9999999999999999999}", "", nil),
            (String(repeating: "(", count: 101), "more than 100 brackets", "simpler"),
            (String(repeating: "a", count: 4097), "longer than 4096 bytes", "shorter"),
        ])
    func refused(pattern: String, message: String, help: String?) {
        do {
            _ = try LogPattern(pattern)
            Issue.record("`\(pattern)` was taken")
        } catch {
            #expect(error.message.lowercased().contains(message))
            if let help { #expect(error.help?.contains(help) == true, "\(error)") }
        }
    }

    @Test(
        "large numbers that cost little are taken",
        arguments: [
            "a{1,1000}", "[0-9]{1000}", "(a{1,3}b{1,200}c{1,50})", "((a{10}){10}){10}",
            "(ab|cd){500}",
            "a{,5}", "(a+)+b", "[{]{3}",
        ])
    func cheap(pattern: String) throws {
        #expect(throws: Never.self) { try LogPattern(pattern) }
    }

    @Test("no text makes it trap, and none takes long to be compiled")
    func anyText() {
        var random = SystemRandomNumberGenerator()
        let signs = Array(#"ab\^$.[]()*+?{}|,19:=-d"# + "\n\u{0}é")
        for _ in 0..<3000 {
            let text = String(
                (0..<Int.random(in: 0...24, using: &random)).compactMap { _ in
                    signs.randomElement(using: &random)
                })
            let pattern = try? LogPattern(text)
            let isFound = Array("ab19 {d}".utf8).withUnsafeBytes { pattern?.isFound(in: $0) }
            #expect(isFound == nil || pattern != nil)
        }
    }
}
