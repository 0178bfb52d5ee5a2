/// What a command that was run came to.
public struct CommandResult: Sendable, CustomStringConvertible {
    /// How it ended.
    public enum End: Hashable, Sendable {
        /// It exited with this code.
        case exit(Int32)
        /// This signal ended it.
        case signal(Int32)
        /// It took too long, and its process group was killed.
        case timedOut
    }

    /// How it ended.
    public let end: End
    /// What it wrote to standard output.
    public let output: String
    /// What it wrote to standard error.
    public let error: String

    /// The exit code; nil when it did not exit.
    public var code: Int32? { if case .exit(let code) = end { code } else { nil } }

    /// Everything, for the message of a test that fails.
    public var description: String { "\(end)\n--- output\n\(output)--- error\n\(error)" }
}
