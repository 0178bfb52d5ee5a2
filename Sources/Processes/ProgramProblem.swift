/// Why a program cannot be started.
public struct ProgramProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, lower case, names in backticks.
    public var message: String
    /// What to type instead.
    public var help: String?
    /// The kind of problem.
    package var cause = Cause.unfit

    /// With all that it holds.
    package init(
        message: String, help: String? = nil, cause: Cause = Cause.unfit
    ) {
        self.message = message
        self.help = help
        self.cause = cause
    }

    /// Kinds of problems that callers distinguish.
    package enum Cause: Hashable, Sendable {
        /// Nothing exists at the given path: an earlier step may still create it.
        case missing
        /// Neither a program nor a script that names its interpreter; shells run it all the same.
        case shapeless
        /// There is neither a command nor a runner.
        case nameless
        /// Any other problem.
        case unfit
    }

    /// Whether an earlier step may solve the problem.
    public var mayBeMade: Bool { cause == .missing }

    /// Whether only a command is missing.
    public var isNameless: Bool { cause == .nameless }

    /// The sentence for a record: what is wrong, and after a semicolon what to do.
    public var description: String { help.map { "\(message); \($0)" } ?? message }
}
