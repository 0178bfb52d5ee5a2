/// Words of a shell line.
public enum ShellWord {
    /// A word quoted for a shell line, if it needs quotes.
    public static func quoted(_ word: String) -> String {
        let isPlain = !word.isEmpty && word.utf8.allSatisfy { isPlainInShell($0) }
        guard !isPlain else { return word }
        let pieces = word.split(separator: "'", omittingEmptySubsequences: false)
        return "'\(pieces.joined(separator: "'\\''"))'"
    }

    private static func isPlainInShell(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "_-./,:+@%".utf8.contains(byte)
        }
    }
}
