/// A text with `{item}` as a placeholder for an item of `foreach`.
struct ItemTemplate {
    static let placeholder = "{item}"

    /// The text before, between and after the placeholders.
    private let parts: [String]

    /// Nil for a text without a placeholder.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        let mark = Array(Self.placeholder.utf8)
        var parts: [String] = []
        var start = 0
        var at = 0
        while at + mark.count <= bytes.count {
            if bytes[at] == mark[0], bytes[at..<at + mark.count].elementsEqual(mark) {
                parts.append(String(decoding: bytes[start..<at], as: UTF8.self))
                at += mark.count
                start = at
            } else {
                at += 1
            }
        }
        guard !parts.isEmpty else { return nil }
        self.parts = parts + [String(decoding: bytes[start...], as: UTF8.self)]
    }

    /// The text for one item.
    func filled(with item: String) -> String { parts.joined(separator: item) }

    /// The text for one item; a text without a placeholder is returned as it is.
    static func fill(_ text: String, with item: String) -> String {
        ItemTemplate(text)?.filled(with: item) ?? text
    }
}

/// Forms of an item for texts with a syntax of their own.
enum ItemText {
    /// The item as part of an id: characters that an id may not have become `-`.
    static func inID(_ item: String) -> String {
        String(
            String.UnicodeScalarView(
                item.unicodeScalars.map { isOfID($0) ? $0 : Unicode.Scalar(UInt8(ascii: "-")) }))
    }

    /// Whether a shell reads the item literally, as one word or a part of one.
    static func isPlainInShell(_ item: String) -> Bool {
        item.unicodeScalars.allSatisfy { isOfID($0) || "%+,/:=@".unicodeScalars.contains($0) }
    }

    /// Quotes any text as one word for the shell.
    static func quotedForShell(_ word: String) -> String {
        guard !isPlainInShell(word) else { return word }
        return "'"
            + word.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
    }

    /// The item as literal text of a regular expression.
    static func inExpression(_ item: String) -> String {
        escaped(item, "\\^$.|?*+()[]{}")
    }

    /// The item as literal text between the quotes of a condition.
    static func inCondition(_ item: String) -> String { escaped(item, "\\\"'") }

    private static func escaped(_ item: String, _ special: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in item.unicodeScalars {
            if special.unicodeScalars.contains(scalar) { text.append("\\") }
            text.append(scalar)
        }
        return String(text)
    }

    private static func isOfID(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "0"..."9", "A"..."Z", "a"..."z", ".", "_", "-": true
        default: false
        }
    }
}
