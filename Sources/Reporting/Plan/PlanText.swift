import DependencyGraph
import Execution
import WorkflowModel

/// A plan as a table; long lists are cut unless everything is asked for.
struct PlanText {
    private let report: PlanReport
    private let style: Style
    private var bytes: [UInt8] = []
    private let origins: [Int64: EdgeOrigin]
    private let skips: SkipReport?
    /// Whether no list is cut.
    var showsAll = false

    /// The largest number of steps of a phase, and of dependencies of a step, that are shown.
    private static let maxSteps = 25
    private static let maxDependencies = 4

    init(_ report: PlanReport, style: Style) {
        self.report = report
        self.style = style
        skips = report.skips
        var origins: [Int64: EdgeOrigin] = [:]
        for edge in report.resolved.inferredEdges {
            origins[Int64(edge.dependency) << 32 | Int64(edge.dependent)] = edge.origin
        }
        self.origins = origins
    }

    private var plan: RunPlan { report.plan }
    private var steps: [Step] { report.workflow.steps }

    /// The whole text.
    mutating func render() -> [UInt8] {
        bytes.reserveCapacity(96 * plan.count + 256)
        addHeading()
        let tasks = report.workflow.tasks
        for phase in report.phases {
            var title = "phase \(phase.number)"
            if tasks.count > 1 {
                title = "\(Wording.task(tasks[phase.task].id)), \(title)"
            }
            let count = Wording.count(phase.steps.count, "step")
            add("\n" + style.bold(title) + " (\(count))\n")
            addSteps(phase.steps)
        }
        if !report.finalizers.isEmpty {
            let count = Wording.count(report.finalizers.count, "step")
            add("\n" + style.bold("finalizers") + " (\(count), at the end whatever happened)\n")
            addSteps(report.finalizers)
        }
        addConflicts()
        addRewrites()
        addTimes()
        addTerms()
        return bytes
    }

    private mutating func add(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func addHeading() {
        let edges = Wording.count(
            report.resolved.graph.edgeCount, "dependency", plural: "dependencies")
        let name = Sanitizer.line(report.workflow.name)
        let selected =
            plan.selectedCount == plan.count
            ? Wording.count(plan.count, "step")
            : "\(plan.selectedCount) of \(Wording.count(plan.count, "step"))"
        let phases = Wording.count(report.phases.count, "phase")
        add("\(style.bold(name)): \(selected), \(edges), \(phases)\n")
        if let skips { add("\(skips.counts)\n") }
    }

    private mutating func addSteps(_ phase: [Int]) {
        let shown =
            showsAll || phase.count <= Self.maxSteps + 5
            ? phase[...] : phase.prefix(Self.maxSteps)
        let width = TextWidth.columnWidth(shown.map { steps[$0].id.rawValue })
        for step in shown { addStep(step, width: width) }
        if shown.count < phase.count {
            add("  … and \(phase.count - shown.count) more (`stepvisor plan -v` shows them all)\n")
        }
    }

    private mutating func addStep(_ index: Int, width: Int) {
        add("  ")
        let id = steps[index].id.rawValue
        bytes.append(contentsOf: id.utf8)
        // Ids are ASCII, so bytes are columns.
        for _ in id.utf8.count..<max(id.utf8.count, width) { bytes.append(UInt8(ascii: " ")) }
        if plan.durations != nil {
            add("  " + (plan.measured(of: index).map { Self.time($0.value) } ?? "?"))
        }
        if !report.resolved.graph.dependencies(of: index).isEmpty { addDependencies(of: index) }
        let step = steps[index]
        if !step.isParallelSafe { add("  [runs alone]") }
        if let group = step.parallelGroup { add("  [group \(Sanitizer.line(group))]") }
        if !step.isCritical { add("  [not critical]") }
        if !step.resources.isEmpty {
            let names = step.resources.map { $0.units > 1 ? "\($0.units) \($0.name)" : $0.name }
            add("  [needs \(Sanitizer.line(names.joined(separator: ", ")))]")
        }
        for tag in report.terms.tags(of: index) { add("  [\(tag)]") }
        if let skips, let clause = skips.clause(of: index) {
            let isSkipped = plan.isUpToDate(index) || skips.isKept(index)
            add("  [\(isSkipped ? clause : style.yellow("runs: \(clause)"))]")
        }
        if !step.description.isEmpty { add("  " + style.dim(Sanitizer.line(step.description))) }
        while bytes.last == UInt8(ascii: " ") { bytes.removeLast() }
        bytes.append(UInt8(ascii: "\n"))
        guard showsAll else { return }
        for line in report.terms.backups(of: index) { add("      \(style.dim(line))\n") }
    }

    /// How the run handles failures and limits, and what would be parallel in a sequential run.
    private mutating func addTerms() {
        let terms = report.terms
        for line in terms.policyLines { add(line + "\n") }
        if let line = terms.wouldBeParallelLine { add(line + "\n") }
    }

    private mutating func addDependencies(of step: Int) {
        let dependencies = report.resolved.graph.dependencies(of: step)
        add("  after ")
        let limit = showsAll ? dependencies.count : Self.maxDependencies
        for (place, dependency) in dependencies.prefix(limit).enumerated() {
            if place > 0 { add(", ") }
            bytes.append(contentsOf: steps[dependency].id.rawValue.utf8)
            guard !origins.isEmpty,
                let origin = origins[Int64(dependency) << 32 | Int64(step)]
            else { continue }
            add(Self.clause(origin))
        }
        if dependencies.count > limit { add(" and \(dependencies.count - limit) more") }
    }

    /// The origin of an inferred edge.
    static func clause(_ origin: EdgeOrigin) -> String {
        switch origin {
        case .declared: ""
        case .inferred(let path): " (inferred: reads \(Sanitizer.line(path)))"
        case .condition: " (its condition names it)"
        case .taskOrder: " (tasks run in order)"
        case .stepOrder: " (its task declares no dependencies, so its steps run in order)"
        }
    }

    private mutating func addConflicts() {
        let conflicts = report.conflicts
        guard !conflicts.isEmpty else { return }
        add("\n")
        let shown = showsAll ? conflicts[...] : conflicts.prefix(Self.maxSteps)
        for conflict in shown {
            add(style.yellow(Sanitizer.line(PlanReport.sentence(conflict, report.workflow))) + "\n")
        }
        if shown.count < conflicts.count {
            add(
                "… and \(conflicts.count - shown.count) more (`stepvisor plan -v` shows them all)\n"
            )
        }
    }

    private mutating func addRewrites() {
        let notes = SkipNotes(report.resolved).rewrites
        guard !notes.isEmpty else { return }
        add("\n")
        let shown = showsAll ? notes[...] : notes.prefix(Self.maxSteps)
        for note in shown { add("note: \(Sanitizer.line(note.message))\n") }
        if shown.count < notes.count {
            add("… and \(notes.count - shown.count) more (`stepvisor plan -v` shows them all)\n")
        }
    }

    private mutating func addTimes() {
        let names = report.criticalPath.map { steps[$0].id.rawValue }
        add("\ncritical path (\(Wording.count(names.count, "step"))): ")
        if showsAll || names.count <= 12 {
            add(names.joined(separator: " → "))
        } else {
            let ends = names.prefix(6) + ["…"] + names.suffix(5)
            add(ends.joined(separator: " → "))
        }
        guard let forecast = report.forecast else {
            add("\nexpected times: not known until a run has measured them\n")
            return
        }
        let isWhole = forecast.unmeasuredCount == 0
        let least = isWhole ? "" : "at least "
        add(", \(least)\(Self.time(forecast.criticalPathLength.value))\n")
        let sum = Self.time(forecast.sum.value)
        let wall = Self.time(forecast.wall.value)
        if plan.limit == 1 {
            add("expected: \(least)\(sum), one step at a time")
            if isWhole, forecast.wall < forecast.sum, report.workflow.execution.isParallelEnabled {
                add("; \(wall) with `-j \(forecast.limit)`")
            }
        } else {
            add("expected: \(least)\(wall) with at most \(forecast.limit) at once; ")
            add("\(least)\(sum) one at a time")
        }
        add(isWhole ? "\n" : " (\(Self.unmeasured(forecast)))\n")
    }

    /// The expected duration of a run, as `run -v` prints it.
    static func expectation(_ forecast: Forecast) -> String {
        let wall = time(forecast.wall.value)
        return forecast.unmeasuredCount == 0
            ? "expected: \(wall)" : "expected: at least \(wall) (\(unmeasured(forecast)))"
    }

    private static func unmeasured(_ forecast: Forecast) -> String {
        Wording.count(forecast.unmeasuredCount, "step") + " not measured"
    }

    /// A length of time; a short one is shown to the millisecond.
    static func time(_ milliseconds: Int64) -> String {
        milliseconds < 1000
            ? "\(milliseconds)ms"
            : DurationText.measured(nanoseconds: Milliseconds(milliseconds).nanoseconds)
    }
}
