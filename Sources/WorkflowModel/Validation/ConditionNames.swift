/// Finds the steps that a condition names, without understanding the rest of it.
enum ConditionNames {
    /// A name as written.
    struct Name: Hashable {
        /// The step's name.
        var text: String
        /// Written as `NAME_output.`, as the source documents do.
        var isOutput: Bool
    }

    /// The names in `steps.NAME`, `steps["NAME"]` and `NAME_output.`, in order; strings are skipped.
    static func scan(_ condition: String) -> [Name] {
        var names: [Name] = []
        let text = Array(condition.utf8)
        var at = 0
        var afterDot = false
        while at < text.count {
            let byte = text[at]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                at = endOfString(text, from: at)
                afterDot = false
            } else if isWord(byte) {
                let word = takeWord(text, &at)
                if !afterDot, word == "steps", let name = stepName(text, &at) {
                    names.append(Name(text: name, isOutput: false))
                } else if !afterDot, word.hasSuffix("_output"), word.utf8.count > 7,
                    at < text.count, text[at] == UInt8(ascii: ".")
                {
                    names.append(Name(text: String(word.dropLast(7)), isOutput: true))
                }
                afterDot = false
            } else {
                afterDot = byte == UInt8(ascii: ".")
                at += 1
            }
        }
        return names
    }

    /// What follows `steps`: `.NAME`, or `["NAME"]`.
    private static func stepName(_ text: [UInt8], _ at: inout Int) -> String? {
        var next = at
        skipSpace(text, &next)
        guard next < text.count else { return nil }
        if text[next] == UInt8(ascii: ".") {
            next += 1
            guard next < text.count, isWord(text[next]) else { return nil }
            let name = takeWord(text, &next)
            at = next
            return name
        }
        guard text[next] == UInt8(ascii: "[") else { return nil }
        next += 1
        skipSpace(text, &next)
        guard next < text.count, text[next] == UInt8(ascii: "\"") || text[next] == UInt8(ascii: "'")
        else { return nil }
        let end = endOfString(text, from: next)
        guard end - next >= 2, text[end - 1] == text[next] else { return nil }
        at = end
        return String(decoding: text[next + 1..<end - 1], as: UTF8.self)
    }

    private static func skipSpace(_ text: [UInt8], _ at: inout Int) {
        while at < text.count, text[at] <= 0x20 { at += 1 }
    }

    private static func takeWord(_ text: [UInt8], _ at: inout Int) -> String {
        let start = at
        while at < text.count, isWord(text[at]) { at += 1 }
        return String(decoding: text[start..<at], as: UTF8.self)
    }

    /// The place after the closing quote, or the end.
    private static func endOfString(_ text: [UInt8], from start: Int) -> Int {
        var at = start + 1
        while at < text.count, text[at] != text[start] {
            at += text[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(at + 1, text.count)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
