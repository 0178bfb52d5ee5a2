/// Parses a shell line once, from start to end, and collects what it starts.
///
/// It never fails: anything that no shell accepts is skipped, and each iteration of each loop
/// consumes at least one byte. Nested code (`sh -c '…'`, substitutions) is parsed by a reader of
/// its own, to a limited depth.
struct ShellReader {
    let bytes: [UInt8]
    var place = 0
    let depth: Int
    var found: CommandScripts
    var scope = Scope()
    /// Here-documents whose text follows after the line.
    private var documents: [Document] = []
    /// Open constructs, each with whether its content may not be executed.
    private var open: [Construct] = []
    /// What follows is part of an and-or list after its first command.
    private var isChained = false
    /// A function's body follows.
    private var awaitsBody = false
    /// The files that the `cat` before a pipe passes on.
    private var piped: [ShellWord.Part] = []
    /// The current nesting depth of programs that start others.
    var nesting = 0
    /// Whether only commands that read and write no file came before.
    var isFirst = true

    /// The working directory of commands.
    struct Scope {
        /// The possible directories, by the text; the start directory is empty.
        var directories = [""]
        /// Whether a `cd` has led to an unknown directory.
        var isLost = false
    }

    private struct Document {
        var end: [UInt8]
        var stripsTabs: Bool
        var isLiteral: Bool
        var isScript = false
    }

    private enum Construct { case optional, group, function, patterns, branch }

    static let maxDepth = 12
    static let maxNesting = 16
    static let maxFound = 200

    init(_ text: String) { self.init(Array(text.utf8), depth: 0) }

    init(_ bytes: [UInt8], depth: Int) {
        self.bytes = bytes
        self.depth = depth
        found = CommandScripts(of: nil, shell: [])
    }

    /// Parses the whole text.
    mutating func readAll() {
        while place < bytes.count { readList(isNested: false) }
    }

    /// Parses another text at this position, with the current state.
    mutating func read(_ text: [UInt8], keepingScope: Bool = false) {
        guard depth < Self.maxDepth else { return }
        var inner = ShellReader(text, depth: depth + 1)
        inner.scope = scope
        inner.found = found
        inner.isFirst = isFirst
        inner.readAll()
        found = inner.found
        if keepingScope { scope = inner.scope }
    }

    func byte(_ offset: Int = 0) -> UInt8 {
        place + offset < bytes.count ? bytes[place + offset] : 0
    }

    func isAt(_ character: Character, _ offset: Int = 0) -> Bool {
        byte(offset) == character.asciiValue && place + offset < bytes.count
    }

    // MARK: Lists

    /// Parses commands up to the end of the text, or to the `)` that ends a subshell.
    mutating func readList(isNested: Bool) {
        while place < bytes.count {
            let start = place
            switch byte() {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): place += 1
            case UInt8(ascii: "\n"):
                place += 1
                readDocuments()
                endAndOr()
            case UInt8(ascii: "\\") where isAt("\n", 1): place += 2
            case UInt8(ascii: "#"): skipComment()
            case UInt8(ascii: ")"):
                place += 1
                if isNested, open.last != .patterns { return }
                if open.last == .patterns { open[open.count - 1] = .branch }
            case UInt8(ascii: "("): readParenthesis()
            case UInt8(ascii: ";"):
                place += 1
                if isAt(";") || isAt("&") {
                    while isAt(";") || isAt("&") { place += 1 }
                    if open.last == .branch { open[open.count - 1] = .patterns }
                }
                endAndOr()
            case UInt8(ascii: "&") where isAt(">", 1): readSimple()
            case UInt8(ascii: "&"):
                place += isAt("&", 1) ? 2 : 1
                if bytes[start..<place].count == 2 { chain() } else { endAndOr() }
            case UInt8(ascii: "|"):
                place += isAt("|", 1) || isAt("&", 1) ? 2 : 1
                if start + 2 == place, bytes[start + 1] == UInt8(ascii: "|") { chain() }
            default: open.last == .patterns ? readPattern() : readSimple()
            }
            if place == start { place += 1 }
        }
    }

    private mutating func endAndOr() {
        isChained = false
        piped = []
    }

    private mutating func chain() {
        isChained = true
        piped = []
    }

    private mutating func skipComment() {
        while place < bytes.count, byte() != UInt8(ascii: "\n") { place += 1 }
    }

    private mutating func readParenthesis() {
        place += 1
        if open.last == .patterns { return }
        if isAt("("), let end = arithmeticEnd(from: place + 1) {
            readExpansions(in: place + 1..<end)
            place = end + 2
            return
        }
        guard depth < Self.maxDepth else { return }
        readSubshell()
    }

    /// Parses up to the `)`; directory changes inside do not last.
    mutating func readSubshell() {
        guard depth < Self.maxDepth else { return }
        var inner = ShellReader(bytes, depth: depth + 1)
        inner.place = place
        inner.scope = scope
        inner.found = found
        inner.isFirst = isFirst
        inner.readList(isNested: true)
        place = inner.place
        found = inner.found
        isFirst = inner.isFirst
    }

    /// The position of the `))` that ends an arithmetic expression; nil when it is none.
    func arithmeticEnd(from start: Int) -> Int? {
        var level = 0
        var index = start
        let end = min(bytes.count, start + 4096)
        while index + 1 < end {
            switch bytes[index] {
            case UInt8(ascii: "("): level += 1
            case UInt8(ascii: ")"):
                if level == 0 { return bytes[index + 1] == UInt8(ascii: ")") ? index : nil }
                level -= 1
            default: break
            }
            index += 1
        }
        return nil
    }

    /// Parses a word of a pattern list, up to the `)` that ends it.
    private mutating func readPattern() {
        let word = readWord()
        if word.isPlain("esac") { open.removeLast() }
    }

    // MARK: Simple commands

    /// Parses a command with its redirections; keywords before it only determine its place.
    private mutating func readSimple() {
        var words: [ShellWord.Part] = []
        var input: ShellWord.Part?
        let firstDocument = documents.count
        loop: while place < bytes.count {
            let start = place
            switch byte() {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): place += 1
            case UInt8(ascii: "\\") where isAt("\n", 1): place += 2
            case UInt8(ascii: "\n"), UInt8(ascii: ";"), UInt8(ascii: "|"), UInt8(ascii: ")"):
                break loop
            case UInt8(ascii: "#"):
                skipComment()
            case UInt8(ascii: "&"):
                guard isAt(">", 1) else { break loop }
                place += 1
                readRedirection(&input)
            case UInt8(ascii: "<") where isAt("(", 1), UInt8(ascii: ">") where isAt("(", 1):
                words.append(readWord())
            case UInt8(ascii: "<"), UInt8(ascii: ">"):
                if let last = words.last, last.end == place, last.isNumber { words.removeLast() }
                readRedirection(&input)
            case UInt8(ascii: "("):
                // The parentheses of a function, or bash syntax.
                guard words.count == 1 else { break loop }
                words = []
                awaitsBody = true
                place += 1
                while isAt(" ") || isAt(")") { place += 1 }
                break loop
            default:
                let word = readWord()
                if words.isEmpty, !word.isQuoted, takeKeyword(word) {
                    if open.last == .patterns { break loop }
                    break
                }
                words.append(word)
                if word.isOpenArray, isAt("(") { readArray() }
            }
            if place == start { place += 1 }
            if case UInt8(ascii: "[")? = words.first?.value.first, words[0].isPlain("[[") {
                readTest()
                words = []
            }
        }
        let command = SimpleCommand(words: words[...], input: input, piped: piped)
        let readsScript = take(command)
        for index in documents.indices.dropFirst(firstDocument) {
            documents[index].isScript = readsScript
        }
        piped = words.first?.isPlain("cat") == true ? Array(words.dropFirst()) : []
    }

    /// Reads a keyword of the grammar; the command follows it.
    private mutating func takeKeyword(_ word: ShellWord.Part) -> Bool {
        guard let text = word.literal else { return false }
        switch text {
        case "if", "while", "until": open.append(.optional)
        case "then", "elif", "else", "do", "!": break
        case "{":
            open.append(awaitsBody ? .function : .group)
            awaitsBody = false
        case "}", "fi", "done": if !open.isEmpty { open.removeLast() }
        case "esac": if !open.isEmpty { open.removeLast() }
        case "for", "select":
            open.append(.optional)
            skipBlanks()
            if isAt("("), isAt("(", 1), let end = arithmeticEnd(from: place + 2) {
                readExpansions(in: place + 2..<end)
                place = end + 2
            } else {
                skipToSeparator()
            }
        case "function":
            awaitsBody = true
            skipBlanks()
            _ = readWord()
            while isAt(" ") || isAt("(") || isAt(")") { place += 1 }
        case "case":
            skipBlanks()
            _ = readWord()
            skipBlanks(withLines: true)
            _ = readWord()
            open.append(.patterns)
        default: return false
        }
        return true
    }

    /// Skips the words of a loop, which are data.
    private mutating func skipToSeparator() {
        while place < bytes.count, !isAt(";"), !isAt("\n"), !isAt("&"), !isAt("|"), !isAt(")") {
            let start = place
            if isAt(" ") || isAt("\t") { place += 1 } else { _ = readWord() }
            if place == start { place += 1 }
        }
    }

    mutating func skipBlanks(withLines: Bool = false) {
        while isAt(" ") || isAt("\t") || withLines && isAt("\n") { place += 1 }
    }

    private mutating func readArray() {
        place += 1
        while place < bytes.count, !isAt(")") {
            let start = place
            _ = readWord()
            if place == start { place += 1 }
        }
        place = min(place + 1, bytes.count)
    }

    /// Skips the operators between `[[` and `]]`, which are not shell operators.
    private mutating func readTest() {
        while place < bytes.count, !isAt("\n") {
            let start = place
            if readWord().isPlain("]]") { return }
            if place == start { place += 1 }
        }
    }

    private mutating func readRedirection(_ input: inout ShellWord.Part?) {
        let start = place
        while isAt("<") || isAt(">") { place += 1 }
        let sign = bytes[start..<place]
        if sign.elementsEqual("<<".utf8) {
            let strips = isAt("-")
            if strips { place += 1 }
            skipBlanks()
            let end = readWord()
            guard documents.count < 64 else { return }
            documents.append(
                Document(end: end.value, stripsTabs: strips, isLiteral: end.isQuoted))
            return
        }
        if isAt("&") || isAt("|") { place += 1 }
        skipBlanks()
        let target = readWord()
        if sign.first == UInt8(ascii: "<") {
            input = target
            input?.isText = sign.count == 3
        }
        if sign.contains(UInt8(ascii: ">")), let path = target.literal { noteWritten(path) }
    }

    /// Reads the texts of here-documents, which follow their line.
    private mutating func readDocuments() {
        for document in documents {
            let start = place
            var end = bytes.count
            while place < bytes.count {
                let line = place
                while place < bytes.count, !isAt("\n") { place += 1 }
                var text = bytes[line..<place]
                place = min(place + 1, bytes.count)
                if document.stripsTabs { text = text.drop { $0 == UInt8(ascii: "\t") } }
                if text.elementsEqual(document.end) {
                    end = line
                    break
                }
            }
            let body = start..<max(start, min(end, bytes.count))
            if document.isScript {
                read(Array(bytes[body]))
            } else if !document.isLiteral {
                readExpansions(in: body)
            }
        }
        documents = []
    }

    /// Whether what follows may not be executed by a run of the line.
    var isOptional: Bool {
        isChained || open.contains { $0 != .group }
    }

    // MARK: Results

    mutating func noteWritten(_ path: String) {
        guard found.written.count < Self.maxFound, !path.hasPrefix("/dev/"), !path.isEmpty else {
            return
        }
        for directory in scope.directories {
            found.written.append(ShellPath.joined(directory, path))
        }
    }

    /// A file that is run or interpreted.
    mutating func noteScript(_ word: ShellWord.Part) {
        guard let path = word.literal else {
            noteUnknown(word)
            return
        }
        guard !path.isEmpty, found.paths.count < Self.maxFound else { return }
        if scope.isLost, !path.hasPrefix("/") { noteUnknown(word) }
        for directory in scope.directories {
            let whole = ShellPath.joined(directory, path)
            guard !found.written.contains(whole), !found.paths.contains(whole) else { continue }
            found.paths.append(whole)
        }
    }

    mutating func noteUnknown(_ word: ShellWord.Part) {
        guard !word.isHome, found.unknown.count < Self.maxFound,
            !found.unknown.contains(word.text)
        else { return }
        found.unknown.append(word.text)
    }
}
