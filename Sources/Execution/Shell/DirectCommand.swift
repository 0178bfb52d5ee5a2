/// Recognises command lines that need no shell, so that they are started directly, as make does:
/// the shell is half the cost of a short step.
public enum DirectCommand {
    /// The words of a line that means the same without a shell; nil when it needs one.
    ///
    /// Any operator, quote, expansion, glob, tilde, comment or assignment, and any first word that
    /// is a builtin or keyword of POSIX shells, needs the shell. Linear in the line's length.
    public static func words(of line: String) -> [String]? {
        var words: [String] = []
        var word: [UInt8] = []
        for byte in line.utf8 {
            if byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") {
                if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
                word = []
            } else if isPlain(byte) {
                word.append(byte)
            } else {
                return nil
            }
        }
        if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
        guard let first = words.first, !first.utf8.contains(UInt8(ascii: "=")),
            !reserved.contains(first)
        else { return nil }
        return words
    }

    /// Whether a word is a builtin or a keyword of shells.
    static func isReserved(_ word: String) -> Bool { reserved.contains(word) }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            return true
        case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: ","),
            UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "%"), UInt8(ascii: "+"),
            UInt8(ascii: "="), UInt8(ascii: "-"):
            return true
        default:
            return false
        }
    }

    /// Builtins and keywords of sh, dash, bash and ksh.
    private static let reserved: Set<String> = [
        ".", ":", "[", "alias", "bg", "bind", "break", "builtin", "caller", "case", "cd",
        "chdir", "command", "compgen", "complete", "continue", "coproc", "declare", "dirs",
        "disown", "do", "done", "echo", "elif", "else", "enable", "esac", "eval", "exec", "exit",
        "export", "false", "fc", "fg", "fi", "for", "function", "getopts", "hash", "help",
        "history", "if", "in", "jobs", "kill", "let", "local", "logout", "mapfile", "popd",
        "print", "printf", "pushd", "pwd", "read", "readarray", "readonly", "return", "select",
        "set", "shift", "shopt", "source", "suspend", "test", "then", "time", "times", "trap",
        "true", "type", "typeset", "ulimit", "umask", "unalias", "unset", "until", "wait",
        "whence", "while",
    ]
}
