/// Words as a shell takes them.
public enum ShellWord {
    /// A word of a command line, quoted where a shell would take it apart.
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
