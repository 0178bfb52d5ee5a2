/// A text in which `{item}` stands for an item of `foreach`.
struct ItemTemplate {
    static let placeholder = "{item}"

    /// What stands before, between and after the places.
    private let parts: [String]

    /// Nil for a text that is the same for every item.
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

    /// The same, or the text itself where it has no place.
    static func fill(_ text: String, with item: String) -> String {
        ItemTemplate(text)?.filled(with: item) ?? text
    }
}

/// What an item becomes where a text is more than a text.
enum ItemText {
    /// The part of an id: what an id may not have becomes `-`.
    static func inID(_ item: String) -> String {
        String(
            String.UnicodeScalarView(
                item.unicodeScalars.map { isOfID($0) ? $0 : Unicode.Scalar(UInt8(ascii: "-")) }))
    }

    /// Whether a shell takes the item as it stands, for one word or a part of one.
    static func isPlainInShell(_ item: String) -> Bool {
        item.unicodeScalars.allSatisfy { isOfID($0) || "%+,/:=@".unicodeScalars.contains($0) }
    }

    /// One word for the shell, whatever it holds.
    static func quotedForShell(_ word: String) -> String {
        guard !isPlainInShell(word) else { return word }
        return "'"
            + word.split(separator: "'", omittingEmptySubsequences: false)
            .joined(separator: "'\\''") + "'"
    }

    /// The item itself in a regular expression.
    static func inExpression(_ item: String) -> String {
        escaped(item, "\\^$.|?*+()[]{}")
    }

    /// The item itself between the quotes of a condition.
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
