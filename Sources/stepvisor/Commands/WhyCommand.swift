import DependencyGraph
import Execution
import Reporting
import Supervisor
import WorkflowModel

/// `stepvisor why STEP`: what would make it run now, and why it ran; or what it was made from in one
/// run and not in another.
struct WhyCommand {
    private let arguments: ParsedArguments
    private let console: Console

    init(_ arguments: ParsedArguments, _ console: Console) {
        self.arguments = arguments
        self.console = console
    }

    func run() throws -> Int32 {
        let project = try Project.load(arguments, console)
        let request = try RunRequest(project, arguments)
        let steps = try NamedSteps(arguments, project).indices
        let answers = try arguments.pair(.between).map { pair in
            let names = steps.map { request.plan.resolved.graph.nodes[$0] }
            let comparison = try RunComparison(
                pair, about: names.first, of: project.loaded, console: console)
            return try names.map { try comparison.answer(about: $0) }
        }
        if let answers {
            try console.out(
                console.wantsJSON ? json(answers) : answers.map(\.text).joined(separator: "\n"))
            return 0
        }
        let latest = try? RecordedRun.find(nil, of: project.loaded, console: console)
        let presents = steps.map { StepPresent($0, request, latest: latest) }
        try console.out(
            console.wantsJSON ? json(presents) : presents.map(\.text).joined(separator: "\n"))
        return 0
    }

    /// One object; an array of them where a name stands for several steps.
    private func json(_ answers: [some WhyAnswer]) -> String {
        var writer = JSONWriter(capacity: 1024)
        if answers.count != 1 { writer.beginArray() }
        for answer in answers {
            if answers.count != 1 { writer.newLine() }
            writer.beginObject()
            answer.write(to: &writer)
            writer.endObject()
        }
        if answers.count != 1 { writer.endArray() }
        return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    }
}

/// What there is to say of one step, in both forms.
protocol WhyAnswer {
    /// Lines for people.
    var text: String { get }
    /// Members of an object for programs.
    func write(to writer: inout JSONWriter)
}

/// Why a step would run now, and why it ran last.
struct StepPresent: WhyAnswer {
    private let step: Int
    private let id: String
    private let words: SkipReport?
    private let latest: (run: RecordedRun, step: Int)?

    init(_ step: Int, _ request: RunRequest, latest: RecordedRun?) {
        self.step = step
        id = request.plan.resolved.graph.nodes[step].rawValue
        words = SkipReport(request, asking: [step])
        let name = id
        self.latest = latest.flatMap { run in
            run.record.header.steps.firstIndex { $0.id == name }.map { (run, $0) }
        }
    }

    var text: String {
        var lines: [String]
        switch words?.standing(of: step) {
        case .due(let causes)?:
            lines = ["`\(id)` has to run:"] + causes.map { "  \(Sanitizer.line($0.text))" }
            if let outlook = words?.outlook(of: step) {
                lines.append("  \(Sanitizer.line(outlook.text))")
            }
        case .kept(let run, let causes)?:
            lines = ["`\(id)` would come from the cache, as run \(Sanitizer.line(run)) made it:"]
            lines += causes.map { "  \(Sanitizer.line($0.text))" }
        case .upToDate?:
            lines = ["`\(id)` need not run: it is \(words?.clause(of: step) ?? "up to date")"]
        case .open?:
            lines = ["`\(id)` has to run \(words?.clause(of: step) ?? "")"]
        case nil:
            lines = ["`\(id)` is no part of a run"]
        }
        return (lines + latestLines).map { $0 + "\n" }.joined()
    }

    private var latestLines: [String] {
        guard let (run, step) = latest else { return ["no run of it is recorded"] }
        let record = run.record
        let name = "run \(record.header.runID) (the latest)"
        let status = Wording.status(record.steps[step])
        let reason = record.reasonText(of: step).map { ": \(Sanitizer.line($0))" } ?? ""
        guard record.steps[step].launchedAt != nil else {
            return ["\(name) did not run it: \(record.steps[step].status.rawValue)\(reason)"]
        }
        var lines = ["\(name) ran it, \(status)\(reason):"]
        if let causes = record.causes[step], !causes.isEmpty {
            lines += causes.map { "  \(Sanitizer.line($0.text))" }
        } else {
            lines.append("  it ran every step that it was about (no --smart-execution)")
        }
        return lines
    }

    func write(to writer: inout JSONWriter) {
        writer.member("step_id", id)
        words?.write(step, to: &writer)
        guard let (run, step) = latest else {
            writer.null("latest_run")
            return
        }
        let record = run.record
        writer.key("latest_run")
        writer.beginObject()
        writer.member("run_id", record.header.runID)
        writer.member("status", record.steps[step].status.rawValue)
        if let reason = record.reasonText(of: step) { writer.member("reason", reason) }
        if let causes = record.causes[step] { writer.write(causes) }
        writer.endObject()
    }
}

/// The steps that a command line names, a `foreach` by all that it stands for.
struct NamedSteps {
    let indices: [Int]
    let plan: RunPlan

    /// - Throws: ``CommandFailure`` with exit 2 and a suggestion for a name that no step has.
    init(_ arguments: ParsedArguments, _ project: Project) throws {
        var options = RunOptions()
        options.only = arguments.operands.map { StepID($0) }
        options.needsCommands = false
        do throws(PlanError) {
            // A name that is none is said as it was given.
            var named = options
            (named.targets, named.only) = (options.only, [])
            _ = try RunPlan.make(resolved: project.resolved, options: named)
            // Those that it names, and nothing that they need.
            let selected = try RunPlan.make(resolved: project.resolved, options: options).selected
            let finalizers = project.workflow.finalizers
            let names = Set(options.only)
            indices = selected.indices.filter {
                selected[$0]
                    && (!finalizers.contains($0)
                        || names.contains(project.resolved.graph.nodes[$0]))
            }
            options.only = []
            plan = try RunPlan.make(resolved: project.resolved, options: options)
        } catch {
            throw PlanFailure.failure(error, arguments, project)
        }
    }
}
