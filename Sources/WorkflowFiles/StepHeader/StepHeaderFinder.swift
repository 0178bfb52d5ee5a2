import WorkflowModel

/// Finds the header block in a script's leading comment, line by line, without parsing TOML.
struct StepHeaderFinder {
    /// A block that was found, closed or not.
    struct Block {
        /// The TOML in it, without the comment marks.
        var text: ExcerptedText
        /// The line that opens it.
        var opening: SourceRange
    }

    /// The kind of a line outside of a block.
    private enum Line {
        case blank
        case comment
        case code
        /// `# /// step`.
        case opening
        /// `# /// word`: a block of another tool.
        case otherOpening
        /// `# ///`.
        case closing
        /// A comment that was probably meant to open the block.
        case nearMiss
    }

    /// The comment marks of scripting languages.
    private static let marks: [[UInt8]] = [Array("#".utf8), Array("//".utf8), Array("--".utf8)]

    let bytes: [UInt8]
    let file: Int
    private(set) var diagnostics: [Diagnostic] = []
    private var at = 0

    init(bytes: [UInt8], file: Int) {
        self.bytes = bytes
        self.file = file
    }

    /// The first block of the leading comment; ``diagnostics`` holds the mistakes in it and in
    /// further blocks.
    mutating func find() -> Block? {
        at = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        if bytes[at...].starts(with: "#!".utf8) { at = nextLine(at) }
        var found: Block?
        while at < bytes.count {
            let line = at..<lineEnd(at)
            switch kind(of: line) {
            case .blank, .comment, .closing:
                at = nextLine(at)
            case .otherOpening:
                skipOtherBlock()
            case .nearMiss:
                warnOfNearMiss(line)
                at = nextLine(at)
            case .opening:
                let block = readBlock(line)
                if let found {
                    diagnostics.append(
                        .error(
                            "a second step header", at: block.opening,
                            help: "keep one: a file is one step",
                            related: [.init("the first one is here", at: found.opening)]))
                } else {
                    found = block
                }
            case .code:
                if found == nil { warnOfLateHeader() }
                return found
            }
        }
        return found
    }

    // MARK: The block

    /// Reads the block that a line opens; moves the cursor behind it.
    private mutating func readBlock(_ opening: Range<Int>) -> Block {
        let mark = commentMark(of: opening) ?? []
        var block = Block(text: ExcerptedText(), opening: range(opening))
        at = nextLine(opening.lowerBound)
        guard let closing = closingLine(from: at, mark) else {
            let name = String(decoding: mark, as: UTF8.self)
            diagnostics.append(
                .error(
                    "the step header is never closed", at: block.opening,
                    help: "add a line `\(name) ///` after its last key"))
            // The end of its TOML cannot be told from other comments, so nothing is read.
            return block
        }
        while at < closing {
            let line = at..<lineEnd(at)
            if commentMark(of: line) == mark {
                add(line, mark, to: &block.text)
            } else {
                let name = String(decoding: mark, as: UTF8.self)
                diagnostics.append(
                    .error(
                        "a line of the step header without `\(name)`", at: range(line),
                        help: "begin every line up to `\(name) ///` with `\(name)`"))
            }
            at = nextLine(at)
        }
        at = nextLine(closing)
        return block
    }

    private func add(_ line: Range<Int>, _ mark: [UInt8], to text: inout ExcerptedText) {
        var start = line.lowerBound + mark.count
        // One space belongs to the mark; further spaces are part of the TOML.
        if start < line.upperBound, bytes[start] == ASCII.space { start += 1 }
        text.append(bytes[start..<nextLine(line.lowerBound)], from: start)
    }

    /// The first line from here on that closes a block, if it comes before the next opening line.
    private func closingLine(from start: Int, _ mark: [UInt8]) -> Int? {
        var line = start
        while line < bytes.count {
            let extent = line..<lineEnd(line)
            if commentMark(of: extent) == mark {
                switch kind(of: extent) {
                case .closing: return line
                case .opening, .otherOpening: return nil
                default: break
                }
            }
            line = nextLine(line)
        }
        return nil
    }

    private mutating func skipOtherBlock() {
        let mark = commentMark(of: at..<lineEnd(at)) ?? []
        at = nextLine(at)
        if let closing = closingLine(from: at, mark) { at = nextLine(closing) }
    }

    // MARK: Warnings

    private mutating func warnOfNearMiss(_ line: Range<Int>) {
        let mark = String(decoding: commentMark(of: line) ?? [], as: UTF8.self)
        diagnostics.append(
            .warning(
                "this line does not open a step header", at: range(line),
                help: "write `\(mark) /// step`"))
    }

    /// Warns of a header below the first line of code, where it has no effect.
    private mutating func warnOfLateHeader() {
        let code = range(at..<lineEnd(at))
        while at < bytes.count {
            let line = at..<lineEnd(at)
            if kind(of: line) == .opening {
                diagnostics.append(
                    .warning(
                        "a step header below the first line of code is not read", at: range(line),
                        help: "move it up to the leading comment",
                        related: [.init("the code begins here", at: code)]))
                return
            }
            at = nextLine(at)
        }
    }

    // MARK: Lines

    private func kind(of line: Range<Int>) -> Line {
        guard let mark = commentMark(of: line) else {
            return bytes[line].allSatisfy { $0 <= ASCII.space } ? .blank : .code
        }
        // The exact forms have one space behind the mark; any may follow at the end of the line.
        var rest = bytes[(line.lowerBound + mark.count)..<line.upperBound]
        while let last = rest.last, last <= ASCII.space { rest.removeLast() }
        if rest.elementsEqual(" ///".utf8) { return .closing }
        if rest.elementsEqual(" /// step".utf8) { return .opening }
        let isExact = rest.starts(with: " /// ".utf8)
        let words = rest.split(separator: ASCII.space)
        if words.count == 2, words[0].elementsEqual("///".utf8) {
            let isStep = String(decoding: words[1], as: UTF8.self).lowercased() == "step"
            return isStep ? .nearMiss : isExact ? .otherOpening : .comment
        }
        if words.count == 1, words[0].elementsEqual("///step".utf8) { return .nearMiss }
        return .comment
    }

    private func commentMark(of line: Range<Int>) -> [UInt8]? {
        Self.marks.first { bytes[line].starts(with: $0) }
    }

    private func lineEnd(_ start: Int) -> Int {
        bytes[start...].firstIndex(of: ASCII.newline) ?? bytes.count
    }

    private func nextLine(_ start: Int) -> Int { min(lineEnd(start) + 1, bytes.count) }

    private func range(_ line: Range<Int>) -> SourceRange {
        let isReturned = line.count > 0 && bytes[line.upperBound - 1] == ASCII.carriageReturn
        return SourceRange(
            file: file, offset: line.lowerBound, length: line.count - (isReturned ? 1 : 0))
    }
}
