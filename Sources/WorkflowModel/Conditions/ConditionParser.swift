/// The language of conditions: comparisons of steps' results joined by `and`, `or` and `not`.
///
/// Recursive descent over the grammar, each rule one method:
///
///     condition  = ["IF"] or
///     or         = and { "or" and }
///     and        = not { "and" not }
///     not        = "not" not | comparison
///     comparison = operand [ ("==" | "!=" | "<" | "<=" | ">" | ">=") operand ]
///     operand    = number | string | "true" | "false" | "null" | "(" or ")" | result | change
///     result     = ("steps." NAME | "steps" "[" string "]" | NAME "_output") field { field }
///     field      = "." NAME | "[" string "]"
///     change     = "changed" "(" string { "," string } ")"
struct ConditionParser {
    /// How deep parentheses and `not` may nest, since the parser recurses.
    static let depthLimit = 64

    /// A condition together with the places of the names in it.
    struct Parsed {
        var root: ConditionTerm
        var references: [(reference: ConditionReference, place: Range<Int>)] = []
        var patterns: [(text: String, place: Range<Int>)] = []
    }

    private var lexer: ConditionLexer
    private var token: ConditionToken
    private var depth = 0
    /// Where the previous token ended.
    private var end = 0
    private var parsed = Parsed(root: .null)
    /// The first type error; reported only when the text has no syntax error.
    private var misfit: ConditionError?

    /// Reads a whole condition.
    static func parse(_ text: String) throws(ConditionError) -> Parsed {
        var parser = try ConditionParser(text)
        try parser.condition()
        return parser.parsed
    }

    private init(_ text: String) throws(ConditionError) {
        lexer = ConditionLexer(text)
        token = try lexer.next()
    }

    // MARK: Rules

    private mutating func condition() throws(ConditionError) {
        if token.isWord("IF") || token.isWord("if") { try advance() }
        let root = try disjunction()
        guard token.kind == .end else { throw unexpected(after: "the end of the expression") }
        requireTruth(root, of: "a condition is")
        if let misfit { throw misfit }
        parsed.root = root.term
    }

    private mutating func disjunction() throws(ConditionError) -> PlacedTerm {
        let first = try conjunction()
        guard token.isKeyword("or") else { return first }
        var terms = [first]
        while token.isKeyword("or") {
            try advance()
            terms.append(try conjunction())
        }
        return joined(terms, by: "or") { .any($0) }
    }

    private mutating func conjunction() throws(ConditionError) -> PlacedTerm {
        let first = try negation()
        guard token.isKeyword("and") else { return first }
        var terms = [first]
        while token.isKeyword("and") {
            try advance()
            terms.append(try negation())
        }
        return joined(terms, by: "and") { .all($0) }
    }

    private mutating func joined(
        _ terms: [PlacedTerm], by word: String, _ join: ([ConditionTerm]) -> ConditionTerm
    ) -> PlacedTerm {
        for term in terms { requireTruth(term, of: "what `\(word)` joins is") }
        let start = terms.first?.place.lowerBound ?? end
        return PlacedTerm(term: join(terms.map(\.term)), place: start..<end)
    }

    private mutating func negation() throws(ConditionError) -> PlacedTerm {
        guard token.isKeyword("not") else { return try comparison() }
        let start = token.place.lowerBound
        try enter()
        try advance()
        let operand = try negation()
        depth -= 1
        requireTruth(operand, of: "what `not` negates is")
        return PlacedTerm(term: .not(operand.term), place: start..<end)
    }

    private mutating func comparison() throws(ConditionError) -> PlacedTerm {
        let left = try operand()
        guard token.kind == .comparison,
            let comparison = ConditionComparison(rawValue: token.text)
        else { return left }
        try advance()
        let right = try operand()
        guard token.kind != .comparison else {
            throw ConditionError(
                message: "comparisons cannot be chained", place: token.place,
                help: "join two comparisons with `and`")
        }
        do throws(ConditionError) {
            try ConditionTypes.check(left, comparison, right)
        } catch {
            misfit = misfit ?? error
        }
        return PlacedTerm(
            term: .comparison(left.term, comparison, right.term),
            place: left.place.lowerBound..<end)
    }

    private mutating func operand() throws(ConditionError) -> PlacedTerm {
        let first = token
        let term: ConditionTerm
        switch token.kind {
        case .number:
            guard let number = ConditionNumber(token.text) else { throw missingOperand() }
            term = .number(number)
            try advance()
        case .string:
            term = .text(token.content)
            try advance()
        case .mark where token.text == "(":
            try enter()
            try advance()
            term = try disjunction().term
            depth -= 1
            try expect(")", closing: first)
        case .word where !token.isKeyword("and") && !token.isKeyword("or"):
            term = try name()
        default:
            throw missingOperand()
        }
        return PlacedTerm(term: term, place: first.place.lowerBound..<end)
    }

    private mutating func name() throws(ConditionError) -> ConditionTerm {
        let word = token
        try advance()
        switch word.text {
        case "true": return .truth(true)
        case "false": return .truth(false)
        case "null": return .null
        case "changed": return .changed(try change())
        case "steps":
            let step = try stepName()
            return try result(ConditionReference(step: step, path: []), after: word)
        case _ where word.text.hasSuffix("_output") && word.text.utf8.count > 7:
            let step = String(word.text.dropLast(7))
            return try result(
                ConditionReference(step: step, isOutput: true, path: []), after: word)
        default: throw unknown(word)
        }
    }

    /// `.NAME` or `["NAME"]` behind `steps`.
    private mutating func stepName() throws(ConditionError) -> String {
        guard let name = try field() else {
            throw ConditionError(
                message: "`steps` needs the name of a step", place: token.place,
                help: "write `steps.NAME.FIELD`, or `steps[\"NAME\"].FIELD`")
        }
        return name
    }

    private mutating func result(
        _ step: ConditionReference, after word: ConditionToken
    ) throws(ConditionError) -> ConditionTerm {
        let start = word.place.lowerBound
        let stepPlace = start..<end
        var reference = step
        while let name = try field() { reference.path.append(name) }
        guard !reference.path.isEmpty else {
            throw ConditionError(
                message: "the name of a result is missing", place: stepPlace,
                help: "write for example `.score` behind the step")
        }
        guard !reference.isStatus || reference.path.count == 1 else {
            throw ConditionError(
                message: "a status has no fields", place: start..<end,
                help: "`status` is stepvisor's own word for how the step ended; a result needs "
                    + "another name")
        }
        parsed.references.append((reference, stepPlace))
        return .result(reference)
    }

    /// One `.NAME` or `["NAME"]`; nil when there is none at this place.
    private mutating func field() throws(ConditionError) -> String? {
        if token.isMark(".") {
            try advance()
            guard token.kind == .word else {
                throw ConditionError(
                    message: "a name is missing after `.`", place: token.place, help: nil)
            }
            let name = token.text
            try advance()
            return name
        }
        guard token.isMark("[") else { return nil }
        let open = token
        try advance()
        guard token.kind == .string else {
            throw ConditionError(
                message: "`[` needs a name between quotes", place: token.place,
                help: "write for example `steps[\"api-docs\"].score`")
        }
        let name = token.content
        try advance()
        try expect("]", closing: open)
        return name
    }

    private mutating func change() throws(ConditionError) -> [String] {
        let open = token
        try expect("(", after: "`changed`")
        var patterns: [String] = []
        repeat {
            guard token.kind == .string else {
                throw ConditionError(
                    message: "`changed` needs a pattern between quotes", place: token.place,
                    help: "write for example `changed(\"docs/**\")`")
            }
            patterns.append(token.content)
            parsed.patterns.append((token.content, token.place))
            try advance()
        } while try take(",")
        try expect(")", closing: open)
        return patterns
    }

    private mutating func requireTruth(_ operand: PlacedTerm, of what: String) {
        do throws(ConditionError) {
            try ConditionTypes.checkTruth(operand, of: what)
        } catch {
            misfit = misfit ?? error
        }
    }

    // MARK: Tokens

    private mutating func advance() throws(ConditionError) {
        end = token.place.upperBound
        token = try lexer.next()
    }

    private mutating func take(_ mark: String) throws(ConditionError) -> Bool {
        guard token.isMark(mark) else { return false }
        try advance()
        return true
    }

    private mutating func expect(_ mark: String, after what: String) throws(ConditionError) {
        guard try take(mark) else {
            throw ConditionError(
                message: "`\(mark)` is missing after \(what)", place: token.place, help: nil)
        }
    }

    private mutating func expect(
        _ mark: String, closing open: ConditionToken
    ) throws(ConditionError) {
        guard try !take(mark) else { return }
        guard token.kind == .end else {
            throw unexpected(after: "`\(mark)` or an operator")
        }
        throw ConditionError(
            message: "`\(open.text)` is not closed", place: open.place, help: "add `\(mark)`")
    }

    private mutating func enter() throws(ConditionError) {
        depth += 1
        guard depth <= Self.depthLimit else {
            throw ConditionError(
                message: "it nests more than \(Self.depthLimit) deep", place: token.place,
                help: "write it flatter")
        }
    }

    // MARK: Messages

    private func missingOperand() -> ConditionError {
        let what = token.kind == .end ? "at its end" : "before `\(token.shown)`"
        return ConditionError(
            message: "a value is missing \(what)", place: token.place,
            help: "a value is a number, a string, `true`, `false`, or a result such as "
                + "`steps.review.score`")
    }

    private func unexpected(after expected: String) -> ConditionError {
        let help: String? =
            switch token.text {
            case ")": "remove it, or add `(` where it begins"
            case "and", "or", "not", "AND", "OR", "NOT": nil
            default: "join two comparisons with `and` or `or`"
            }
        return ConditionError(
            message: "`\(token.shown)` where \(expected) belongs", place: token.place, help: help)
    }

    private func unknown(_ word: ConditionToken) -> ConditionError {
        let help =
            switch word.text.lowercased() {
            case "true", "false", "null": "write `\(word.text.lowercased())`, in lower case"
            case "if": "`IF` stands at the beginning, once"
            default: "text stands between quotes, and a result is named `steps.ID.FIELD`"
            }
        return ConditionError(
            message: "`\(word.shown)` is no value", place: word.place, help: help)
    }
}
