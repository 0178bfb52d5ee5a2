/// Compiles the text of a pattern into a program, in one pass.
struct GlobCompiler {
    private(set) var program = GlobProgram()
    /// The characters before the first wildcard, unescaped.
    private(set) var literalPrefix = ""
    /// There is no wildcard.
    private(set) var isLiteral = true

    /// The pattern means the project root, as `.` and `./` do.
    let isRoot: Bool

    private let scalars: [Unicode.Scalar]
    private var at = 0
    /// Whether the next character begins a name.
    private var atNameStart = true
    private var alternatives: [Alternatives] = []

    static let maximumDepth = 16

    /// An open `{`, with the jumps that are filled in once its end is known.
    private struct Alternatives {
        var split: Int
        var ends: [Int] = []
        var startsName: Bool
        /// All alternatives so far leave the next character to begin a name.
        var leavesNameStart = true
    }

    init(_ text: String) throws(GlobError) {
        guard text.utf8.count <= Glob.maximumLength else { throw .tooLong }
        var scalars: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars {
            if scalar == "/" {
                // A doubled slash and `./` change nothing.
                if scalars.last == "/" { continue }
                if scalars.last == ".", scalars.count == 1 || scalars[scalars.count - 2] == "/" {
                    scalars.removeLast()
                    continue
                }
            }
            scalars.append(scalar)
        }
        guard !text.isEmpty else { throw .empty }
        if scalars.last == ".", scalars.count == 1 || scalars[scalars.count - 2] == "/" {
            scalars.removeLast()
            if scalars.count > 1 { scalars.removeLast() }
        }
        isRoot = scalars.isEmpty
        // A directory stands for everything in it.
        if isRoot || scalars.last == "/" { scalars += ["*", "*"] }
        self.scalars = scalars
    }

    mutating func compile() throws(GlobError) {
        while at < scalars.count {
            let scalar = scalars[at]
            at += 1
            switch scalar {
            case "*": star()
            case "?": takeVarying(.nameCharacter)
            case "[": takeVarying(try set())
            case "\\":
                guard at < scalars.count else { throw .trailingBackslash }
                at += 1
                take(scalars[at - 1])
            case "{": try open()
            case "," where !alternatives.isEmpty: nextAlternative()
            case "}" where !alternatives.isEmpty: close()
            default: take(scalar)
            }
        }
        guard alternatives.isEmpty else { throw .unclosedAlternatives }
        program.instructions.append(.accept)
    }

    private mutating func take(_ scalar: Unicode.Scalar) {
        program.instructions.append(.character(scalar.value))
        if isLiteral { literalPrefix.unicodeScalars.append(scalar) }
        atNameStart = scalar == "/"
    }

    private mutating func takeVarying(_ set: ScalarSet) {
        program.instructions.append(.take(set))
        isLiteral = false
        atNameStart = false
    }

    /// `*`, or `**` where it is a whole name.
    private mutating func star() {
        isLiteral = false
        let first = at
        while at < scalars.count, scalars[at] == "*" { at += 1 }
        let isDouble = at - first == 1 && atNameStart
        let following = at < scalars.count ? scalars[at] : nil
        if isDouble, following == "/" {
            // Any number of directories with their slashes, or none.
            at += 1
            let split = program.instructions.count
            program.instructions += [.split(split + 1, 0), .take(.nameCharacter)]
            repeated(.anything)
            program.instructions.append(.character(ScalarSet.slash))
            program.instructions[split] = .split(split + 1, program.instructions.count)
            return
        }
        let endsName =
            following == nil || (!alternatives.isEmpty && (following == "," || following == "}"))
        if isDouble, endsName {
            program.instructions.append(.take(.nameCharacter))
            repeated(.anything)
        } else {
            repeated(.nameCharacter)
        }
        atNameStart = false
    }

    private mutating func repeated(_ set: ScalarSet) {
        let start = program.instructions.count
        program.instructions += [
            .split(start + 1, start + 3), .take(set), .jump(start),
        ]
    }

    private mutating func open() throws(GlobError) {
        guard alternatives.count < Self.maximumDepth else { throw .nestedTooDeeply }
        isLiteral = false
        alternatives.append(
            Alternatives(split: program.instructions.count, startsName: atNameStart))
        program.instructions.append(.split(program.instructions.count + 1, 0))
    }

    private mutating func nextAlternative() {
        let depth = alternatives.count - 1
        if !atNameStart { alternatives[depth].leavesNameStart = false }
        alternatives[depth].ends.append(program.instructions.count)
        program.instructions.append(.jump(0))
        let split = program.instructions.count
        program.instructions[alternatives[depth].split] = .split(
            alternatives[depth].split + 1, split)
        alternatives[depth].split = split
        program.instructions.append(.split(split + 1, 0))
        atNameStart = alternatives[depth].startsName
    }

    private mutating func close() {
        let group = alternatives.removeLast()
        let end = program.instructions.count
        // The last alternative has none after it.
        program.instructions[group.split] = .jump(group.split + 1)
        for place in group.ends { program.instructions[place] = .jump(end) }
        atNameStart = atNameStart && group.leavesNameStart
    }

    /// The characters between brackets; a `]` that comes first is one of them.
    private mutating func set() throws(GlobError) -> ScalarSet {
        var isNegated = false
        if at < scalars.count, scalars[at] == "!" || scalars[at] == "^" {
            isNegated = true
            at += 1
        }
        var ranges: [ClosedRange<UInt32>] = []
        while true {
            guard at < scalars.count else { throw .unclosedSet }
            if scalars[at] == "]", !ranges.isEmpty {
                at += 1
                break
            }
            let low = try member()
            if at + 1 < scalars.count, scalars[at] == "-", scalars[at + 1] != "]" {
                at += 1
                let high = try member()
                guard low.value <= high.value else { throw .reversedRange(low, high) }
                ranges.append(low.value...high.value)
            } else {
                ranges.append(low.value...low.value)
            }
        }
        let set = ScalarSet(ranges)
        return (isNegated ? set.complement : set).intersection(.nameCharacter)
    }

    private mutating func member() throws(GlobError) -> Unicode.Scalar {
        if scalars[at] == "\\" { at += 1 }
        guard at < scalars.count else { throw .unclosedSet }
        at += 1
        return scalars[at - 1]
    }
}
