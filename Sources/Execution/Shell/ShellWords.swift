extension ShellWord {
    /// A word of a shell line, and its value as far as the text shows it.
    struct Part: Hashable {
        /// The value without quotes; expansions are left out.
        var value: [UInt8] = []
        /// As written.
        var text = ""
        /// Whether ``value`` is complete.
        var isLiteral = true
        /// Whether a part was quoted, so that it is not a keyword.
        var isQuoted = false
        /// Whether it begins with a home directory, `~` or `~user`.
        var isHome = false
        /// Where it ends.
        var end = 0
        /// Whether it is text, not the name of a file.
        var isText = false

        /// The word, if it contains no expansion.
        var literal: String? { isLiteral ? String(decoding: value, as: UTF8.self) : nil }

        /// Whether it is exactly this word, unquoted.
        func isPlain(_ word: String) -> Bool {
            isLiteral && !isQuoted && value.elementsEqual(word.utf8)
        }

        var isNumber: Bool {
            isLiteral && !isQuoted && !value.isEmpty
                && value.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }

        /// Whether it is an assignment: a name, then `=`.
        var isAssignment: Bool {
            guard let sign = value.firstIndex(of: UInt8(ascii: "=")), sign > 0 else { return false }
            let name =
                value[..<sign].last == UInt8(ascii: "+") ? value[..<(sign - 1)] : value[..<sign]
            return !name.isEmpty && !Self.isDigit(name[0])
                && name.allSatisfy {
                    $0 == UInt8(ascii: "_") || Self.isLetter($0) || Self.isDigit($0)
                }
        }

        /// Whether an array follows.
        var isOpenArray: Bool { value.last == UInt8(ascii: "=") && isAssignment }

        static func isDigit(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }

        static func isLetter(_ byte: UInt8) -> Bool {
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
    }
}

extension ShellReader {
    /// Parses one word; empty when none begins here.
    mutating func readWord() -> ShellWord.Part {
        var word = ShellWord.Part()
        let start = min(place, bytes.count)
        loop: while place < bytes.count {
            switch byte() {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"),
                UInt8(ascii: ";"), UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "("),
                UInt8(ascii: ")"):
                break loop
            case UInt8(ascii: "<"), UInt8(ascii: ">"):
                guard isAt("(", 1), place == start else { break loop }
                place += 2
                readSubshell()
                word.isLiteral = false
            case UInt8(ascii: "\\"): readEscape(&word)
            case UInt8(ascii: "'"): readQuoted(&word)
            case UInt8(ascii: "\""): readDoubleQuoted(&word)
            case UInt8(ascii: "$"): readDollar(&word)
            case UInt8(ascii: "`"): readBackquoted(&word)
            case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["):
                // `[` alone is a command.
                if !(isAt("[") && isEndOfWord(after: start)) { word.isLiteral = false }
                takeByte(&word)
            case UInt8(ascii: "{"):
                if !isEndOfWord(after: start) { word.isLiteral = false }
                takeByte(&word)
            case UInt8(ascii: "~") where place == start:
                (word.isLiteral, word.isHome) = (false, true)
                place += 1
            default: takeByte(&word)
            }
        }
        place = min(place, bytes.count)
        word.end = place
        word.text = String(decoding: bytes[start..<place], as: UTF8.self)
        return word
    }

    /// Whether a word consists only of brackets, like `[`, `[[` and `{`.
    private func isEndOfWord(after start: Int) -> Bool {
        guard place - start < 2, place == start || bytes[start] == byte() else { return false }
        var next = place + 1
        if place == start, next < bytes.count, bytes[next] == byte() { next += 1 }
        return next == bytes.count || [0x20, 0x09, 0x0a, 0x3b].contains(bytes[next])
    }

    private mutating func takeByte(_ word: inout ShellWord.Part) {
        word.value.append(byte())
        place += 1
    }

    private mutating func readEscape(_ word: inout ShellWord.Part) {
        place += 1
        guard place < bytes.count else { return }
        word.isQuoted = true
        if isAt("\n") { place += 1 } else { takeByte(&word) }
    }

    private mutating func readQuoted(_ word: inout ShellWord.Part) {
        place += 1
        word.isQuoted = true
        while place < bytes.count, !isAt("'") { takeByte(&word) }
        place = min(place + 1, bytes.count)
    }

    private mutating func readDoubleQuoted(_ word: inout ShellWord.Part) {
        place += 1
        word.isQuoted = true
        while place < bytes.count, !isAt("\"") {
            switch byte() {
            case UInt8(ascii: "\\"):
                if [0x24, 0x60, 0x22, 0x5c].contains(byte(1)) {
                    readEscape(&word)
                } else if byte(1) == UInt8(ascii: "\n") {
                    place += 2
                } else {
                    takeByte(&word)
                }
            case UInt8(ascii: "$"): readDollar(&word, isInQuotes: true)
            case UInt8(ascii: "`"): readBackquoted(&word)
            default: takeByte(&word)
            }
        }
        place = min(place + 1, bytes.count)
    }

    private mutating func readDollar(_ word: inout ShellWord.Part, isInQuotes: Bool = false) {
        let start = place
        place += 1
        switch byte() {
        case UInt8(ascii: "("):
            word.isLiteral = false
            if isAt("(", 1), let end = arithmeticEnd(from: place + 2) {
                readExpansions(in: place + 2..<end)
                place = end + 2
            } else {
                place += 1
                readSubshell()
            }
        case UInt8(ascii: "{"):
            place += 1
            let name = place
            skipBraces()
            let inner = name..<max(name, place - 1)
            if !(start == wordStart(start) && bytes[inner].elementsEqual("PWD".utf8)) {
                word.isLiteral = false
                readExpansions(in: inner)
            } else {
                word.value.append(UInt8(ascii: "."))
            }
        case UInt8(ascii: "'") where !isInQuotes: readQuoted(&word)
        case UInt8(ascii: "\"") where !isInQuotes: readDoubleQuoted(&word)
        case let first where ShellWord.Part.isLetter(first) || first == UInt8(ascii: "_"):
            let name = place
            while place < bytes.count,
                ShellWord.Part.isLetter(byte()) || ShellWord.Part.isDigit(byte())
                    || isAt("_")
            {
                place += 1
            }
            if word.value.isEmpty, bytes[name..<place].elementsEqual("PWD".utf8) {
                word.value.append(UInt8(ascii: "."))
            } else {
                word.isLiteral = false
            }
        case let sign
        where ShellWord.Part.isDigit(sign) || "@*#?$!-".utf8.contains(sign):
            place += 1
            word.isLiteral = false
        default: word.value.append(UInt8(ascii: "$"))
        }
    }

    /// The start of a word that has only a quote before this position.
    private func wordStart(_ place: Int) -> Int {
        guard place > 0 else { return place }
        let before = bytes[place - 1]
        return [0x20, 0x09, 0x0a, 0x22, 0x3b, 0x26, 0x7c, 0x28].contains(before) ? place : -1
    }

    /// Skips a text in braces, including nested ones.
    private mutating func skipBraces() {
        var level = 1
        while place < bytes.count {
            switch byte() {
            case UInt8(ascii: "{"): level += 1
            case UInt8(ascii: "}"):
                level -= 1
                if level == 0 {
                    place += 1
                    return
                }
            case UInt8(ascii: "\\"): place += 1
            default: break
            }
            place += 1
        }
        place = bytes.count
    }

    private mutating func readBackquoted(_ word: inout ShellWord.Part) {
        place += 1
        word.isLiteral = false
        var text: [UInt8] = []
        while place < bytes.count, !isAt("`") {
            if isAt("\\"), [0x24, 0x60, 0x5c].contains(byte(1)) { place += 1 }
            if place < bytes.count { text.append(byte()) }
            place += 1
        }
        place = min(place + 1, bytes.count)
        read(text)
    }

    /// Parses the command substitutions in a text that is not itself a command.
    mutating func readExpansions(in range: Range<Int>) {
        let text = bytes[range]
        let dollar = UInt8(ascii: "$")
        guard depth < Self.maxDepth,
            text.contains(UInt8(ascii: "`")) || text.contains(dollar)
        else { return }
        var inner = ShellReader(Array(text), depth: depth + 1)
        (inner.scope, inner.found, inner.isFirst) = (scope, found, isFirst)
        var word = ShellWord.Part()
        while inner.place < inner.bytes.count {
            switch inner.byte() {
            case UInt8(ascii: "\\"): inner.place += 2
            case dollar: inner.readDollar(&word, isInQuotes: true)
            case UInt8(ascii: "`"): inner.readBackquoted(&word)
            default: inner.place += 1
            }
        }
        found = inner.found
    }
}
