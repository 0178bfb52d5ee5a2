extension SeededGenerator {
    /// Pieces of escape sequences, commands, wide and invisible signs, and plain bytes, in disorder.
    public mutating func hostileBytes() -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 0...24, using: &self) {
            switch Int.random(in: 0..<3, using: &self) {
            case 0: bytes.append(UInt8.random(in: 0...255, using: &self))
            case 1: bytes.append(UInt8.random(in: 0x20...0x7E, using: &self))
            default: bytes += Array((SeededGenerator.pieces.randomElement(using: &self) ?? "").utf8)
            }
        }
        return bytes
    }

    /// Text out of the same disorder, as an id or a description could never be.
    public mutating func hostileText() -> String { String(decoding: hostileBytes(), as: UTF8.self) }

    private static let pieces = [
        "\u{1B}", "\u{1B}[", "\u{1B}]", "\u{1B}P", "\u{1B}\\", "\u{07}", "\u{9B}", "\u{9C}",
        "\u{9D}", "31;1m", "0m", "8;;x", "52;c;", "m", ";", ":", "::", "##", "#", "[", "##[",
        "##vso", "\r", "\n", "\r\n", "\t", " ", "\u{200B}", "\u{200D}", "\u{202E}", "\u{FE0F}",
        "\u{2066}", "\u{FEFF}", "\u{AD}", "\u{301}", "日本", "🚀", "❤️", "é", "\u{7F}", "\0",
    ]
}
