import Execution
import OutputCache
import Platform
import Reporting
import Supervisor
import WorkflowFiles

/// `stepvisor clean`: removes the state that stepvisor stored.
struct CleanCommand {
    private let arguments: ParsedArguments
    private let console: Console

    init(_ arguments: ParsedArguments, _ console: Console) {
        self.arguments = arguments
        self.console = console
    }

    func run() throws -> Int32 {
        guard arguments.has(.cache) else {
            throw CommandFailure(
                .usage, "`clean` is not told what to remove",
                help: "remove the kept outputs of steps with `stepvisor clean --cache`")
        }
        // The workflow itself may be broken by now: only its location is needed.
        let root = try Project.read(arguments).projectRoot
        let report = try CacheCleaning.clean(
            root: root, environment: ProcessEnvironment.environment,
            olderThan: arguments.duration(.older))
        if console.wantsJSON {
            try console.out(json(report))
        } else {
            console.note(text(report))
        }
        guard report.failures == 0 else {
            throw CommandFailure(
                .ownProblem,
                "cannot remove \(Wording.count(report.failures, "entry", plural: "entries"))",
                help: "they belong to another user, or may not be written: "
                    + "clean as the owner of the cache")
        }
        return 0
    }

    private func text(_ report: CleanReport) -> String {
        let removed = Wording.count(report.entries, "entry", plural: "entries")
        let left = Wording.count(report.keptEntries, "entry", plural: "entries")
        return "removed \(removed) of the cache (\(Wording.bytes(report.bytes))); "
            + "left: \(left) (\(Wording.bytes(report.keptBytes)))"
    }

    private func json(_ report: CleanReport) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("removed_entries", report.entries)
        writer.member("removed_bytes", Int(clamping: report.bytes))
        writer.member("left_entries", report.keptEntries)
        writer.member("left_bytes", Int(clamping: report.keptBytes))
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }
}
