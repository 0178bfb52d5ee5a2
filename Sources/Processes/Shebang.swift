/// The first line of a script, which names its interpreter.
package struct Shebang: Hashable {
    /// The interpreter's path, as written; empty when the line names none.
    var interpreter: String
    /// The rest of the line, which Linux passes as one argument.
    var argument: String?
    /// Whether the line ends in a carriage return, which the system takes as part of the name.
    var endsInCarriageReturn: Bool

    /// The shebang in the first bytes of a file; nil when the file begins otherwise.
    package static func read(_ bytes: [UInt8]) -> Shebang? {
        guard bytes.starts(with: "#!".utf8) else { return nil }
        let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
        let isReturned = bytes[end - 1] == UInt8(ascii: "\r")
        let line = bytes[2..<(isReturned ? end - 1 : end)]
        let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let text = line.drop(while: isSpace)
        let interpreter = text.prefix { !isSpace($0) }
        var rest = text[interpreter.endIndex...].drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return Shebang(
            interpreter: String(decoding: interpreter, as: UTF8.self),
            argument: rest.isEmpty ? nil : String(decoding: rest, as: UTF8.self),
            endsInCarriageReturn: isReturned)
    }

    /// The program that `env` searches in PATH, as `python3` in `#!/usr/bin/env python3`; nil for
    /// any other line, and for one that only `env` itself can interpret.
    var programOfEnv: String? {
        guard interpreter.hasSuffix("/env"), let argument else { return nil }
        var words = argument.split { $0 == " " || $0 == "\t" }
        if words.first == "-S" {
            words.removeFirst()
        } else if words.count > 1 {
            return nil
        }
        guard let word = words.first else { return nil }
        let isPlain = word.utf8.allSatisfy { !"=\"'\\$".utf8.contains($0) }
        return isPlain && !word.hasPrefix("-") ? String(word) : nil
    }
}
