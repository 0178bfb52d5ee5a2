import Testing
import TestSupport
import WorkflowModel

@Suite("Names of files as they are shown")
struct FileNameTests {
    @Test(
        "what is not printable UTF-8 is escaped, and so is the backslash that would look the same",
        arguments: [
            ([0x61, 0x2E, 0x63] as [UInt8], "a.c"), ([0xFF], #"\xff"#), ([0xFE], #"\xfe"#),
            (Array(#"\xff"#.utf8), #"\\xff"#), ([0x61, 0x0A, 0x09, 0x0D, 0x1B], #"a\n\t\r\x1b"#),
            (Array(#"a\n"#.utf8), #"a\\n"#), ([0xE2, 0x82], #"\xe2\x82"#),
            ([0xE2, 0x82, 0xAC], "€"), ([0xC3], #"\xc3"#), (Array("ü/é".utf8), "ü/é"),
            (Array("e\u{301}".utf8), #"e\u{301}"#), (Array("a\u{202E}b".utf8), #"a\u{202E}b"#),
            (Array("a\u{A0}b".utf8), #"a\u{A0}b"#), ([0xC2, 0x80], #"\u{80}"#),
            ([0xED, 0xA0, 0x80], #"\xed\xa0\x80"#), ([0xC0, 0xAF], #"\xc0\xaf"#), ([], ""),
        ])
    func form(bytes: [UInt8], text: String) {
        #expect(DisplayText.fileName(bytes) == text)
    }

    @Test("two names never look alike, and what is shown is not changed by being shown again")
    func apart() {
        var random = SeededGenerator(seed: 11)
        var seen: [String: [UInt8]] = [:]
        let pieces: [[UInt8]] =
            [
                [0xFF], [0xFE], [0x5C], [0x0A], [0x6E], [0x78], [0x66, 0x66], [0xC3], [0xA9],
                [0xE2, 0x82],
            ]
            + ["é", "e\u{301}", "\u{202E}", "u{202E}", " ", "\u{A0}", "€", "::", "\u{FE0F}"].map {
                Array($0.utf8)
            }
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 1...5, using: &random)).flatMap { _ in
                pieces.randomElement(using: &random) ?? []
            }
            let text = DisplayText.fileName(bytes)
            #expect(seen[text] == nil || seen[text] == bytes, "\(text)")
            seen[text] = bytes
            #expect(DisplayText.neutralised(text) == text)
        }
    }
}
