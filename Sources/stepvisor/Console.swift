import Execution
import Platform
import Reporting
import Supervisor
import WorkflowModel

/// The outputs of a command: data to standard output, messages to standard error.
struct Console: Sendable {
    enum Verbosity: Int, Comparable, Sendable {
        case quiet, normal, verbose

        static func < (a: Verbosity, b: Verbosity) -> Bool { a.rawValue < b.rawValue }
    }

    let verbosity: Verbosity
    let wantsJSON: Bool
    let outputStyle: Style
    let errorStyle: Style
    /// Whether progress can be redrawn: a terminal that understands control sequences.
    let isErrorLive: Bool

    init(_ arguments: ParsedArguments) {
        verbosity =
            arguments.has(.quiet) ? .quiet : arguments.has(.verbose) ? .verbose : .normal
        wantsJSON = arguments.has(.json)
        let environment = ProcessEnvironment.environment
        let isDumb = ["", "dumb"].contains(environment["TERM"] ?? "")
        let choice = arguments.text(.color) ?? "auto"
        let isWanted = environment["NO_COLOR", default: ""].isEmpty && !isDumb
        func style(_ stream: StandardStream) -> Style {
            let isOn = choice == "always" || (choice == "auto" && isWanted && stream.isTerminal)
            return isOn ? .colored : .plain
        }
        outputStyle = style(.output)
        errorStyle = style(.error)
        isErrorLive = StandardStream.error.isTerminal && !isDumb
    }

    /// Writes requested data to standard output; throws when the write fails.
    func out(_ text: String) throws(SystemError) { try out(Array(text.utf8)) }

    /// Writes requested data to standard output with secrets masked; throws when the write fails.
    func out(_ bytes: [UInt8]) throws(SystemError) {
        try StandardStream.output.write(SecretWarnings.mask.masked(bytes))
    }

    /// Writes a message; left out when only errors are wanted.
    func note(_ text: String) {
        guard verbosity > .quiet else { return }
        say(text + "\n")
    }

    /// Writes warnings, and notes when more output is wanted.
    func show(_ diagnostics: [Diagnostic], of files: SourceTable) {
        let least: Diagnostic.Severity =
            switch verbosity {
            case .quiet: .error
            case .normal: .warning
            case .verbose: .note
            }
        let shown = diagnostics.filter { $0.severity >= least }
        if !shown.isEmpty { say(files.render(shown)) }
    }

    /// Prints why a command failed, and returns its exit code.
    static func report(_ failure: CommandFailure) -> Int32 {
        if !failure.diagnostics.isEmpty { say(failure.files.render(failure.diagnostics)) }
        return failure.code.rawValue
    }

    /// Writes a line about a wait that comes before any progress view exists.
    static func tell(_ line: String) { say(line) }

    /// Writes lines to standard error, with secrets masked and everything else neutralised.
    func say(_ text: String) { Console.say(text) }

    /// Ignores a failed write: standard error may be closed.
    private static func say(_ text: String) {
        let lines = Sanitizer.lines(bytes: SecretWarnings.mask.masked(Array(text.utf8)))
        try? StandardStream.error.write(Array((lines.joined(separator: "\n") + "\n").utf8))
    }
}
