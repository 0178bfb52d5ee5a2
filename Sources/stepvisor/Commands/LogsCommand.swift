import Execution
import Platform
import Reporting
import StateStore
import Supervisor
import WorkflowFiles

/// `stepvisor logs`: prints the log of a step, or lists the logs.
struct LogsCommand {
    private let arguments: ParsedArguments
    private let console: Console

    /// Bytes per read.
    private static let portion = 1 << 16
    /// Milliseconds between two polls of a followed log.
    private static let interval = 50

    init(_ arguments: ParsedArguments, _ console: Console) {
        self.arguments = arguments
        self.console = console
    }

    func run() throws -> Int32 {
        let run = try InspectCommand.run(of: arguments, console)
        guard let name = arguments.operands.first else {
            if arguments.has(.follow) {
                throw CommandFailure(
                    .usage, "`logs -f` follows the log of one step", help: "name it: `logs -f STEP`"
                )
            }
            if let number = arguments.number(.attempt) {
                throw CommandFailure(
                    .usage, "`--attempt` is about the log of one step",
                    help: "name it: `logs STEP --attempt \(number)`")
            }
            try list(run)
            return 0
        }
        guard !console.wantsJSON else {
            throw CommandFailure(
                .usage, "a log has no JSON form: it is what `\(name)` wrote",
                help: "leave out `--json`, or the step: `stepvisor logs --json` lists the logs")
        }
        let instances = run.instances(of: name)
        guard instances.isEmpty else {
            try show(instances, named: name, of: run)
            return 0
        }
        let (place, step) = try whereItRan(try run.step(name), of: run)
        if let number = arguments.number(.attempt) {
            try AttemptLog(place, step: step, console: console).show(number)
        } else if arguments.has(.follow) {
            try follow(step, of: place)
        } else {
            try show(step, of: place)
        }
        return 0
    }

    /// The logs of all instances of a `foreach`, one after another, each under its id.
    private func show(_ instances: [Int], named name: String, of run: RecordedRun) throws {
        for (key, words) in [(OptionKey.follow, "logs -f"), (.attempt, "logs --attempt")]
        where arguments.has(key) {
            let first = instances.first.map { run.record.header.steps[$0].id } ?? name
            let number = arguments.number(.attempt).map { "logs --attempt \($0)" } ?? words
            throw CommandFailure(
                .usage,
                "`\(words)` is about the log of one step, and `\(name)` stands for "
                    + Wording.count(instances.count, "step"),
                help: "name one of them: `\(number) \(first)`")
        }
        for instance in instances {
            let id = run.record.header.steps[instance].id
            try console.out("==> \(Sanitizer.line(id)) <==\n")
            let (place, step) = try whereItRan(instance, of: run)
            try show(step, of: place)
        }
    }

    /// The run with the log of a step: an earlier run when the step was taken over.
    private func whereItRan(
        _ step: Int, of run: RecordedRun, hops: Int = 20
    ) throws -> (run: RecordedRun, step: Int) {
        let name = run.record.header.steps[step].id
        // A step restored from the cache has its log with it.
        guard let id = run.record.steps[step].reason?.sourceRun, id != run.run.id,
            run.run.logSize(of: name) == nil
        else { return (run, step) }
        let loaded = try Project.read(arguments)
        guard let earlier = try? RecordedRun.find(id, of: loaded, console: console),
            let place = try? earlier.step(name)
        else { return (run, step) }
        let word = Wording.status(run.record.steps[step])
        console.note("`\(Sanitizer.line(name))` was \(word): this is its log of run \(id)")
        // The earlier run may have taken the step over from one before it.
        return hops > 0 ? try whereItRan(place, of: earlier, hops: hops - 1) : (earlier, place)
    }

    private func list(_ run: RecordedRun) throws {
        let ids = run.record.header.steps.map(\.id)
        if console.wantsJSON {
            try console.out(json(run))
            return
        }
        let width = TextWidth.columnWidth(ids)
        var text = ""
        for (step, id) in zip(run.record.steps, ids) {
            let size = run.run.logSize(of: id)
            let log =
                size.map { "\(Wording.bytes($0))  \(run.logPath(of: id))" } ?? noLog(of: step)
            let status = TextWidth.pad(step.status.rawValue, to: 8)
            text += TextWidth.pad(Sanitizer.line(id), to: width)
            text += "  \(console.outputStyle.paint(status, as: step.status))"
            text += "  \(Sanitizer.line(log))\n"
        }
        try console.out(text)
    }

    private func noLog(of step: StepRecord) -> String {
        guard let run = step.reason?.sourceRun else { return "no log" }
        return "\(Wording.status(step)), in run \(Sanitizer.line(run))"
    }

    private func json(_ run: RecordedRun) -> [UInt8] {
        var writer = JSONWriter(capacity: 4096)
        writer.beginArray()
        for (step, header) in zip(run.record.steps, run.record.header.steps) {
            writer.newLine()
            writer.beginObject()
            writer.member("step_id", header.id)
            writer.member("status", step.status.rawValue)
            if let size = run.run.logSize(of: header.id) {
                writer.member("log", run.logPath(of: header.id))
                writer.member("bytes", size)
            } else {
                writer.null("log")
            }
            writer.endObject()
        }
        writer.endArray()
        writer.bytes.append(UInt8(ascii: "\n"))
        return writer.bytes
    }

    private func show(_ step: Int, of run: RecordedRun) throws {
        let id = run.record.header.steps[step].id
        guard run.run.logSize(of: id) != nil else {
            reportMissingLog(step, of: run)
            return
        }
        var printer = LogPrinter()
        var offset: Int64 = 0
        while try copy(id, of: run, from: &offset, to: &printer) {}
        try printer.finish()
    }

    /// Copies the next part of a log; false at its current end.
    private func copy(
        _ id: String, of run: RecordedRun, from offset: inout Int64, to printer: inout LogPrinter
    ) throws -> Bool {
        if offset == 0 { offset = run.run.logStart(of: id) }
        let bytes = run.run.logBytes(of: id, from: offset, limit: Self.portion)
        guard !bytes.isEmpty else { return false }
        offset += Int64(bytes.count)
        try printer.print(bytes)
        return true
    }

    private func follow(_ step: Int, of first: RecordedRun) throws {
        var run = first
        let id = run.record.header.steps[step].id
        var printer = LogPrinter()
        var offset: Int64 = 0
        var journalSize = run.run.journalSize()
        if run.run.logSize(of: id) == nil, run.isAlive {
            console.note("`\(id)` has not been started yet; waiting for it")
        }
        while true {
            // Check whether the step has ended before reading the last bytes, so that none is
            // missed.
            let hasEnded = run.record.steps[step].status.isFinal || !run.isAlive
            if let size = run.run.logSize(of: id), size < offset { offset = 0 }
            while try copy(id, of: run, from: &offset, to: &printer) {}
            if hasEnded { break }
            ProcessEnvironment.pause(milliseconds: Self.interval)
            let size = run.run.journalSize()
            if size != journalSize || !StoredRun.isAlive(run.record.header) {
                journalSize = size
                run = try run.refreshed(console)
            }
        }
        try printer.finish()
        if run.run.logSize(of: id) == nil { reportMissingLog(step, of: run) }
    }

    private func reportMissingLog(_ step: Int, of run: RecordedRun) {
        let id = run.record.header.steps[step].id
        let status = run.record.steps[step].status
        let reason = run.record.reasonText(of: step).map { ": \(Sanitizer.line($0))" } ?? ""
        // If the run that produced it still exists, show its log instead.
        let source = run.record.steps[step].reason?.sourceRun.flatMap {
            $0.hasPrefix(StepReason.markPrefix) ? nil : Sanitizer.line($0)
        }
        console.note(
            "`\(id)` has no log in run \(run.run.id) (\(status.rawValue)\(reason))"
                + (source.map { ", and run \($0) is not here" } ?? ""))
    }
}
