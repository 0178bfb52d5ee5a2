import Testing
import TestSupport

@testable import Reporting

@Suite("TextWidth")
struct TextWidthTests {
    @Test(
        "a text takes as many columns as a terminal gives it",
        arguments: [
            ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("한", 2), ("ｆｕ", 4),
            ("🚀", 2), ("❤️", 2), ("🇩🇪", 4), ("ﾊﾝ", 2), ("→…─", 3),
        ])
    func columns(text: String, width: Int) {
        #expect(TextWidth.columns(of: text) == width)
    }

    @Test(
        "a text is cut only where it has to be",
        arguments: [
            ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("日本語", 6, "日本語"), ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"), ("日本語", 1, "…"), ("abc", 0, ""), ("éé", 2, "éé"),
            ("e\u{301}xy", 2, "e\u{301}…"),
        ])
    func clip(text: String, width: Int, clipped: String) {
        #expect(TextWidth.clip(text, to: width) == clipped)
    }

    @Test("no clipped text is wider than its room, nor very long")
    func property() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<5_000 {
            let text = Sanitizer.line(bytes: random.hostileBytes())
            let room = Int.random(in: 0...30, using: &random)
            #expect(TextWidth.columns(of: TextWidth.clip(text, to: room)) <= room)
        }
        let flood = "e" + String(repeating: "\u{301}", count: 100_000)
        #expect(TextWidth.clip(flood, to: 10).unicodeScalars.count < 100)
    }
}
