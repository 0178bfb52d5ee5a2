import Testing
import TestSupport

@testable import Reporting

@Suite("Sanitizer")
struct SanitizerTests {
    /// What is shown, what came in, what should be seen.
    static let cases: [(name: String, input: String, shown: String)] = [
        ("plain text", "Compiling 3 of 5: a.swift", "Compiling 3 of 5: a.swift"),
        ("writing beyond ASCII", "Grüße, 日本語, ❤️ 🚀", "Grüße, 日本語, ❤️ 🚀"),
        ("a Markdown heading", "## Title", "## Title"),
        ("colour", "\u{1B}[1;31merror\u{1B}[0m: x", "error: x"),
        ("cursor movement", "a\u{1B}[2J\u{1B}[1;1Hb", "ab"),
        ("a reset of the terminal", "a\u{1B}cb", "ab"),
        ("a character set", "a\u{1B}(0b", "ab"),
        ("a title", "a\u{1B}]0;owned\u{07}b", "ab"),
        ("a link", "\u{1B}]8;;http://x\u{1B}\\text\u{1B}]8;;\u{1B}\\!", "text!"),
        ("the clipboard", "a\u{1B}]52;c;cm0gLXJm\u{1B}\\b", "ab"),
        ("a device control string", "a\u{1B}P1;2|stuff\u{1B}\\b", "ab"),
        ("an application command", "a\u{1B}_Gx\u{1B}\\b", "ab"),
        ("a privacy message", "a\u{1B}^x\u{1B}\\b", "ab"),
        ("controls of one scalar", "a\u{9B}2Jb\u{9D}0;t\u{9C}c", "abc"),
        ("a stray introducer hides nothing", "a\u{1B}]0;rest of it", "a0;rest of it"),
        ("a sequence that is cut off", "a\u{1B}[12;", "a12;"),
        ("an ESC at the end", "a\u{1B}", "a"),
        ("a sequence inside another", "a\u{1B}[\u{1B}[31mb", "ab"),
        ("C0 and DEL", "a\0b\u{07}c\u{08}d\u{7F}e", "abcde"),
        ("bidi override", "a\u{202E}b\u{2066}c\u{2069}\u{61C}d", "abcd"),
        ("invisible scalars", "a\u{200B}b\u{200D}c\u{FEFF}d\u{2060}e", "abcde"),
        ("tags and fillers", "a\u{E0041}b\u{3164}c", "abc"),
        ("a progress bar", "10%\r50%\r100%", "100%"),
        ("a progress bar before its end", "10%\r50%\r", "50%"),
        ("CR LF", "text\r", "text"),
        ("tabs", "a\tb\t\tc", "a       b               c"),
        ("line ends inside", "a\nb\r\nc\u{2028}d", "a b c d"),
        ("a workflow command", "::error file=a::x", ": :error file=a::x"),
        ("a workflow command behind blanks", " \t::echo::x", "        : :echo::x"),
        ("a workflow command in pieces", ":\u{0}:\u{200B}add-mask::x", ": :add-mask::x"),
        ("a workflow command in colour", "\u{1B}[0m::debug::x", ": :debug::x"),
        ("colons that are no command", "std::vector", "std::vector"),
        ("a log command", "x ##[error]y", "x ## [error]y"),
        ("a log command in pieces", "#\u{1B}[m#\u{AD}[group]", "## [group]"),
        ("a log command of Azure", "##VSO[task.setvariable]", "##VSO [task.setvariable]"),
        ("a log command of TeamCity", "##teamcity[x]", "##teamcity [x]"),
        ("empty", "", ""),
    ]

    @Test("text is shown without what could do harm", arguments: cases)
    func shown(_ item: (name: String, input: String, shown: String)) {
        #expect(Sanitizer.line(item.input) == item.shown, "\(item.name)")
        #expect(Sanitizer.line(item.shown) == item.shown, "\(item.name), twice")
    }

    @Test(
        "colours stay where they are asked for, and end with the line",
        arguments: [
            ("\u{1B}[31mred", "\u{1B}[31mred\u{1B}[0m"),
            ("\u{1B}[31mred\u{1B}[0m", "\u{1B}[31mred\u{1B}[0m"),
            ("\u{1B}[1;38;5;8mx\u{1B}[m", "\u{1B}[1;38;5;8mx\u{1B}[m"),
            ("\u{1B}[38;2;1;2;3mx\u{1B}[0m", "\u{1B}[38;2;1;2;3mx\u{1B}[0m"),
            ("\u{1B}[8mhidden", "hidden"),
            ("\u{1B}[5mblinking", "blinking"),
            ("\u{1B}[>4;1mx\u{1B}[?1mx", "xx"),
            ("\u{1B}[2Kx\u{1B}]0;t\u{07}", "x"),
        ])
    func colors(input: String, shown: String) {
        #expect(Sanitizer.line(input, keepingColors: true) == shown)
    }

    @Test("bytes that are not UTF-8 become the replacement character")
    func invalidBytes() {
        #expect(Sanitizer.line(bytes: [0x61, 0xFF, 0x62, 0x9B, 0x63]) == "a\u{FFFD}b\u{FFFD}c")
        #expect(Sanitizer.line(bytes: [0xC0, 0x9B, 0xE2, 0x82]).allSatisfy { $0 == "\u{FFFD}" })
    }

    @Test("a log becomes its lines")
    func lines() {
        let log = Array("a\r\n\u{1B}[1mb\n\nc\n".utf8)
        #expect(Sanitizer.lines(bytes: log) == ["a", "b", "", "c"])
        #expect(Sanitizer.lines(bytes: []) == [])
        #expect(Sanitizer.lines(bytes: Array("x".utf8)) == ["x"])
    }

    @Test("of any bytes nothing harmful is left, and nothing changes a second time")
    func fuzz() {
        var random = SeededGenerator(seed: 20_240_607)
        for _ in 0..<20_000 {
            let input = random.hostileBytes()
            let line = Sanitizer.line(bytes: input)
            #expect(!line.unicodeScalars.contains(where: isHarmful), "\(input)")
            #expect(Sanitizer.line(line) == line, "\(input)")
            let trimmed = line.drop(while: \.isWhitespace)
            #expect(!trimmed.hasPrefix("::") && !line.contains("##["), "\(input)")
            let colored = Sanitizer.line(bytes: input, keepingColors: true)
            #expect(Sanitizer.line(colored) == line, "\(input)")
            #expect(Sanitizer.line(colored, keepingColors: true) == colored, "\(input)")
        }
    }

    @Test(
        "a long line takes linear time",
        .timeLimit(.minutes(20)),
        arguments: [
            "\u{1B}]", "\u{9D}", "\u{1B}[1;", "\u{1B}(", "##[", ":", "\t", "\r", "e\u{301}",
        ])
    func linear(unit: String) {
        let line = Sanitizer.line(String(repeating: unit, count: 200_000))
        #expect(!line.unicodeScalars.contains(where: isHarmful))
    }

    private func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0xAD, 0x61C, 0x200B...0x200F, 0x2028...0x202E,
            0x2060...0x206F, 0xFEFF, 0xE0000...0xE007F:
            true
        default: false
        }
    }
}
