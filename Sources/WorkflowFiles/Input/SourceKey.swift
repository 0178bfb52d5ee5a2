import WorkflowModel

/// A key, unquoted, with its place and a hash of its bytes.
struct SourceKey: Hashable {
    let text: String
    let range: SourceRange
    let hash: UInt64

    init(_ text: String, at range: SourceRange) {
        self.text = text
        self.range = range
        // FNV-1a: keys are short, and the hash is only a filter before the bytes are compared.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        self.hash = hash
    }

    func hash(into hasher: inout Hasher) { hasher.combine(hash) }

    /// Compares bytes: `String` treats two spellings of an accented letter as equal.
    static func == (a: SourceKey, b: SourceKey) -> Bool {
        a.hash == b.hash && a.text.utf8.elementsEqual(b.text.utf8)
    }
}
