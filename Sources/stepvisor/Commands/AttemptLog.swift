import Execution
import Platform
import Reporting
import StateStore
import Supervisor
import WorkflowFiles

/// `logs STEP --attempt N`: the part of a step's log that one attempt wrote.
struct AttemptLog {
    private let run: RecordedRun
    private let step: Int
    private let console: Console

    private static let portion = 1 << 16

    init(_ run: RecordedRun, step: Int, console: Console) {
        self.run = run
        self.step = step
        self.console = console
    }

    private var id: String { run.record.header.steps[step].id }

    /// Prints the part; its offset comes from the journal, so no line of the log can forge it.
    func show(_ number: UInt64) throws {
        let record = run.record.steps[step]
        let attempts = record.allAttempts
        guard let attempt = attempts.first(where: { UInt64(clamping: $0.number) == number })
        else { throw missing(number, attempts) }
        guard attempt.status == .running || attempt.exit != nil || run.run.logSize(of: id) != nil,
            let range = record.logRange(of: attempt)
        else {
            let reason = attempt.reason.map { ": \(Sanitizer.line(run.record.text(of: $0)))" } ?? ""
            console.note("attempt \(number) of `\(Sanitizer.line(id))` wrote no log\(reason)")
            return
        }
        var printer = LogPrinter()
        var offset = max(range.start, run.run.logStart(of: id))
        while true {
            let room = range.end.map { Int(clamping: max(0, $0 - offset)) } ?? Self.portion
            let limit = min(Self.portion, room)
            guard limit > 0 else { break }
            let bytes = run.run.logBytes(of: id, from: offset, limit: limit)
            guard !bytes.isEmpty else { break }
            offset += Int64(bytes.count)
            try printer.print(bytes)
        }
        try printer.finish()
    }

    private func missing(_ number: UInt64, _ attempts: [AttemptRecord]) -> CommandFailure {
        let name = Sanitizer.line(id)
        let word = Wording.status(run.record.steps[step])
        guard let last = attempts.last?.number else {
            return CommandFailure(
                .usage, "`\(name)` made no attempt in run \(run.run.id) (\(word))",
                help: "`stepvisor status` says how its steps stand")
        }
        return CommandFailure(
            .usage,
            "`\(name)` made no attempt \(number) in run \(run.run.id): it made "
                + Wording.count(attempts.count, "attempt"),
            help: "the last one: `stepvisor logs \(name) --attempt \(last)`")
    }
}

/// Prints a log, with secrets masked: raw for a program; neutralised line by line on a terminal,
/// and where a build service would execute commands in its lines.
struct LogPrinter {
    private let isNeutralised: Bool
    private var secrets = SecretMask.Stream(SecretWarnings.mask)
    /// The unfinished last line.
    private var rest: [UInt8] = []

    /// An unfinished line longer than this is printed.
    private static let longestLine = 1 << 16

    init() {
        isNeutralised =
            StandardStream.output.isTerminal
            || ProcessEnvironment.environment["GITHUB_ACTIONS"] == "true"
    }

    mutating func print(_ bytes: [UInt8]) throws { try write(secrets.take(bytes)) }

    private mutating func write(_ bytes: [UInt8]) throws {
        guard isNeutralised else {
            try StandardStream.output.write(bytes)
            return
        }
        rest += bytes
        let end = rest.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 }
        let whole = rest.count > Self.longestLine ? rest.count : end ?? 0
        guard whole > 0 else { return }
        try printLines(rest[..<whole])
        rest.removeFirst(whole)
    }

    mutating func finish() throws {
        try write(secrets.finish())
        guard !rest.isEmpty else { return }
        try printLines(rest[...])
        rest = []
    }

    private func printLines(_ bytes: ArraySlice<UInt8>) throws {
        let lines = Sanitizer.lines(bytes: bytes).joined(separator: "\n") + "\n"
        try StandardStream.output.write(Array(lines.utf8))
    }
}
