/// What is wrong with the text of a condition, and where.
struct ConditionError: Error, Hashable {
    /// A clause that follows "the condition of step `x`: ".
    var message: String
    /// Bytes of the text from its beginning.
    var place: Range<Int>
    /// What to write instead.
    var help: String?
}

/// The language of conditions: comparisons of steps' results joined by `and`, `or` and `not`.
///
/// Recursive descent over the grammar, each rule one method:
///
///     condition  = ["IF"] or
///     or         = and { "or" and }
///     and        = not { "and" not }
///     not        = "not" not | comparison
///     comparison = operand [ ("==" | "!=" | "<" | "<=" | ">" | ">=") operand ]
///     operand    = number | string | "true" | "false" | "(" or ")" | result | change
///     result     = ("steps." NAME | "steps" "[" string "]" | NAME "_output") field { field }
///     field      = "." NAME | "[" string "]"
///     change     = "changed" "(" string { "," string } ")"
struct ConditionSyntax {
    /// How deep parentheses and `not` may nest, since the parser recurses.
    static let depthLimit = 64

    private var lexer: ConditionLexer
    private var token: ConditionToken
    private var depth = 0

    /// Reads a whole condition; nothing is kept of it, since this version does not evaluate any.
    static func check(_ text: String) throws(ConditionError) {
        var syntax = try ConditionSyntax(text)
        try syntax.condition()
    }

    private init(_ text: String) throws(ConditionError) {
        lexer = ConditionLexer(text)
        token = try lexer.next()
    }

    // MARK: Rules

    private mutating func condition() throws(ConditionError) {
        if token.isWord("IF") || token.isWord("if") { try advance() }
        try disjunction()
        if token.kind == .end { return }
        throw unexpected(after: "the end of the expression")
    }

    private mutating func disjunction() throws(ConditionError) {
        try conjunction()
        while token.isKeyword("or") {
            try advance()
            try conjunction()
        }
    }

    private mutating func conjunction() throws(ConditionError) {
        try negation()
        while token.isKeyword("and") {
            try advance()
            try negation()
        }
    }

    private mutating func negation() throws(ConditionError) {
        guard token.isKeyword("not") else {
            try comparison()
            return
        }
        try enter()
        try advance()
        try negation()
        depth -= 1
    }

    private mutating func comparison() throws(ConditionError) {
        try operand()
        guard token.kind == .comparison else { return }
        try advance()
        try operand()
        guard token.kind == .comparison else { return }
        throw ConditionError(
            message: "comparisons cannot be chained", place: token.place,
            help: "join two comparisons with `and`")
    }

    private mutating func operand() throws(ConditionError) {
        switch token.kind {
        case .number, .string:
            try advance()
        case .mark where token.text == "(":
            let open = token
            try enter()
            try advance()
            try disjunction()
            depth -= 1
            try expect(")", closing: open)
        case .word where !token.isKeyword("and") && !token.isKeyword("or"):
            try name()
        default:
            throw missingOperand()
        }
    }

    private mutating func name() throws(ConditionError) {
        let word = token
        try advance()
        switch word.text {
        case "true", "false": return
        case "changed": try change()
        case "steps":
            try stepName()
            try fields(of: word)
        case _ where word.text.hasSuffix("_output") && word.text.utf8.count > 7:
            try fields(of: word)
        default: throw unknown(word)
        }
    }

    /// `.NAME` or `["NAME"]` behind `steps`.
    private mutating func stepName() throws(ConditionError) {
        guard try field() else {
            throw ConditionError(
                message: "`steps` needs the name of a step", place: token.place,
                help: "write `steps.NAME.FIELD`, or `steps[\"NAME\"].FIELD`")
        }
    }

    private mutating func fields(of word: ConditionToken) throws(ConditionError) {
        let end = token.place.lowerBound
        guard try field() else {
            throw ConditionError(
                message: "the name of a result is missing",
                place: word.place.lowerBound..<max(end, word.place.upperBound),
                help: "write for example `.score` behind the step")
        }
        while try field() {}
    }

    /// One `.NAME` or `["NAME"]`; false where none stands here.
    private mutating func field() throws(ConditionError) -> Bool {
        if token.isMark(".") {
            try advance()
            guard token.kind == .word else {
                throw ConditionError(
                    message: "a name is missing after `.`", place: token.place, help: nil)
            }
            try advance()
            return true
        }
        guard token.isMark("[") else { return false }
        let open = token
        try advance()
        guard token.kind == .string else {
            throw ConditionError(
                message: "`[` needs a name between quotes", place: token.place,
                help: "write for example `steps[\"api-docs\"].score`")
        }
        try advance()
        try expect("]", closing: open)
        return true
    }

    private mutating func change() throws(ConditionError) {
        let open = token
        try expect("(", after: "`changed`")
        repeat {
            guard token.kind == .string else {
                throw ConditionError(
                    message: "`changed` needs a pattern between quotes", place: token.place,
                    help: "write for example `changed(\"docs/**\")`")
            }
            try advance()
        } while try take(",")
        try expect(")", closing: open)
    }

    // MARK: Tokens

    private mutating func advance() throws(ConditionError) { token = try lexer.next() }

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
            case "true", "false": "write `\(word.text.lowercased())`, in lower case"
            case "if": "`IF` stands at the beginning, once"
            default: "text stands between quotes, and a result is named `steps.ID.FIELD`"
            }
        return ConditionError(
            message: "`\(word.shown)` is no value", place: word.place, help: help)
    }
}
