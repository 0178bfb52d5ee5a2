/// Counts features of the first lines of a text: enough to tell formats apart.
struct TextLines {
    /// The first byte that is neither a space nor in a comment; nil when there is none.
    private(set) var first: UInt8?
    /// The first line names an interpreter.
    private(set) var isScript = false
    /// The first instruction is a Dockerfile instruction.
    private(set) var instructions = false
    /// The first line that is not a comment is TOML.
    private(set) var beginsAsTOML = false
    /// Lines that are TOML: `key = …` and `[header]`.
    private(set) var toml = 0
    /// Lines that are neither TOML nor comments.
    private(set) var other = 0
    /// `key:`, `key: value`.
    private(set) var colons = 0
    /// `- item`, `---`.
    private(set) var dashes = 0
    /// `- [ ] task`.
    private(set) var boxes = 0
    /// Lines that begin with a tab.
    private(set) var tabbed = 0
    /// `# Heading`: comments elsewhere.
    private(set) var headings = 0

    /// The number of lines that are read.
    private static let limit = 400

    init(_ bytes: ArraySlice<UInt8>) {
        isScript = bytes.starts(with: "#!".utf8)
        for line in bytes.prefix(1 << 16).split(separator: ASCII.newline).prefix(Self.limit) {
            count(line)
        }
    }

    private mutating func count(_ line: ArraySlice<UInt8>) {
        let content = line.drop { $0 <= ASCII.space }
        guard let start = content.first else { return }
        if start == UInt8(ascii: "#") {
            if content.drop(while: { $0 == UInt8(ascii: "#") }).first == ASCII.space {
                headings += 1
            }
            return
        }
        if first == nil {
            first = start
            instructions = content.starts(with: "FROM ".utf8) || content.starts(with: "ARG ".utf8)
        }
        if line.first == ASCII.tab { tabbed += 1 }
        if start == UInt8(ascii: "[") || Self.mark(of: content) == UInt8(ascii: "=") {
            if toml + other == 0 { beginsAsTOML = true }
            toml += 1
            return
        }
        other += 1
        if start == UInt8(ascii: "-") || start == UInt8(ascii: "*") {
            let item = content.dropFirst().drop { $0 == ASCII.space }
            if item.starts(with: "[ ]".utf8) || item.lowercasedStarts(with: "[x]") { boxes += 1 }
            if start == UInt8(ascii: "-") { dashes += 1 }
        } else if Self.mark(of: content) == UInt8(ascii: ":") {
            colons += 1
        }
    }

    /// The character after the words at the start of a line: `=` of TOML, `:` of YAML and make.
    private static func mark(of line: ArraySlice<UInt8>) -> UInt8? {
        let marks: [UInt8] = [UInt8(ascii: "="), UInt8(ascii: ":")]
        guard let place = line.firstIndex(where: { marks.contains($0) }) else { return nil }
        if line[place] == UInt8(ascii: "=") { return line[place] }
        // `a:b` is a word.
        let next = line.index(after: place)
        return next == line.endIndex || line[next] <= ASCII.space ? line[place] : nil
    }
}

extension ArraySlice<UInt8> {
    /// Whether the bytes begin with an ASCII text, ignoring case.
    fileprivate func lowercasedStarts(with text: String) -> Bool {
        prefix(text.utf8.count).map { $0 &- UInt8(ascii: "A") < 26 ? $0 | 0x20 : $0 }
            .elementsEqual(text.utf8)
    }
}
