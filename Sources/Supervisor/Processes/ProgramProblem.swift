/// What keeps a program from being started.
public struct ProgramProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, lower case, names in backticks.
    public var message: String
    /// What to type next.
    public var help: String?
    /// What kind of trouble it is.
    var cause = Cause.unfit

    /// Kinds of trouble that callers tell apart.
    enum Cause: Hashable, Sendable {
        /// Nothing lies at the path that was given: what runs earlier may still make it.
        case missing
        /// Neither a program nor a script that names its interpreter; shells run it all the same.
        case shapeless
        /// There is neither a command nor a runner.
        case nameless
        /// Everything else.
        case unfit
    }

    /// Whether a step that runs earlier may put it right.
    public var mayBeMade: Bool { cause == .missing }

    /// Whether all that is missing is a command.
    public var isNameless: Bool { cause == .nameless }

    /// The sentence of a record: what is wrong, and after a semicolon what to do.
    public var description: String { help.map { "\(message); \($0)" } ?? message }
}
