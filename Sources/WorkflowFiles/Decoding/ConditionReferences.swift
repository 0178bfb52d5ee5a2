/// Where a condition names steps, found without understanding the rest of it.
enum ConditionReferences {
    /// A name as written: `steps.NAME`, `steps["NAME"]`, or `NAME_output`.
    struct Reference {
        var name: String
        /// N of `stepN_output`.
        var number: String?
    }

    /// The condition with the names that `replacement` gives something for.
    static func replacing(
        in condition: String, with replacement: (Reference) -> String?
    ) -> String {
        var scanner = Scanner(bytes: Array(condition.utf8))
        var result = ""
        var copied = 0
        while let (place, reference) = scanner.next() {
            guard let name = replacement(reference) else { continue }
            result += String(decoding: scanner.bytes[copied..<place.lowerBound], as: UTF8.self)
            result += "steps[\"\(name)\"]"
            copied = place.upperBound
        }
        return result + String(decoding: scanner.bytes[copied...], as: UTF8.self)
    }

    private struct Scanner {
        let bytes: [UInt8]
        private var at = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        /// The next reference with the bytes that are it.
        mutating func next() -> (Range<Int>, Reference)? {
            var isField = false
            while at < bytes.count {
                let start = at
                if bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "'") {
                    skipString()
                    isField = false
                } else if Self.isWord(bytes[at]) {
                    let word = takeWord()
                    if !isField, let reference = reference(after: word) {
                        return (start..<at, reference)
                    }
                    isField = false
                } else {
                    isField = bytes[at] == UInt8(ascii: ".")
                    at += 1
                }
            }
            return nil
        }

        private mutating func reference(after word: String) -> Reference? {
            if word == "steps" { return stepName().map { Reference(name: $0) } }
            guard word.hasSuffix("_output"), word.utf8.count > 7, peek == UInt8(ascii: ".") else {
                return nil
            }
            let name = String(word.dropLast(7))
            let digits = name.hasPrefix("step") ? String(name.dropFirst(4)) : ""
            let isNumber = !digits.isEmpty && digits.utf8.allSatisfy { ASCII.isDigit($0) }
            return Reference(name: name, number: isNumber ? digits : nil)
        }

        private mutating func stepName() -> String? {
            let start = at
            skipSpace()
            if peek == UInt8(ascii: ".") {
                at += 1
                if let byte = peek, Self.isWord(byte) { return takeWord() }
            } else if peek == UInt8(ascii: "[") {
                at += 1
                skipSpace()
                let open = at
                if peek == UInt8(ascii: "\"") || peek == UInt8(ascii: "'") {
                    skipString()
                    let end = at
                    skipSpace()
                    if end - open >= 2, peek == UInt8(ascii: "]") {
                        at += 1
                        return String(decoding: bytes[open + 1..<end - 1], as: UTF8.self)
                    }
                }
            }
            at = max(start, min(at, bytes.count))
            return nil
        }

        private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

        private mutating func skipSpace() {
            while let byte = peek, byte <= 0x20 { at += 1 }
        }

        private mutating func skipString() {
            let quote = bytes[at]
            at += 1
            while at < bytes.count, bytes[at] != quote {
                at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
            }
            at = min(at + 1, bytes.count)
        }

        private mutating func takeWord() -> String {
            let start = at
            while at < bytes.count, Self.isWord(bytes[at]) { at += 1 }
            return String(decoding: bytes[start..<at], as: UTF8.self)
        }

        private static func isWord(_ byte: UInt8) -> Bool {
            ASCII.isDigit(byte) || byte == UInt8(ascii: "_") || (0x61...0x7A).contains(byte | 0x20)
        }
    }
}
