import DependencyGraph
package import Execution
import WorkflowModel

/// `run --dry-run`: what would run, in which phase and order, and why.
package struct DryRunReport {
    private let plan: RunPlan
    private let reasons: SelectionReasons
    /// Why each step of a resumed run runs again; empty when no run is resumed.
    private let rerunReasons: [Int: String]
    /// Why each step runs or is skipped, when skipping was asked for.
    private let skips: SkipReport?

    /// - Parameters:
    ///   - plan: What would run.
    ///   - options: The options of the run.
    ///   - resume: What is taken over from an earlier run; nil without one.
    ///   - skips: Nil for a plan that skips nothing.
    package init(_ plan: RunPlan, _ options: RunOptions, resume: ResumePlan?, skips: SkipReport?) {
        self.plan = plan
        reasons = SelectionReasons(plan, options)
        rerunReasons = resume.map { ResumeText($0, plan).reasons } ?? [:]
        self.skips = skips
    }

    private var terms: PlanTerms { PlanTerms(plan: plan) }
    private var steps: [Step] { plan.resolved.workflow.steps }

    /// Steps in the order in which they would start.
    private var order: [Int] { plan.startSequence.filter { isUndecided($0) } }

    /// Whether the step would run: no earlier run and no decision excludes it.
    private func isUndecided(_ step: Int) -> Bool {
        plan.policy.decisions[step].map { $0 == .retry } ?? true
    }

    /// A table of the run.
    package func text(style: Style) -> String {
        let limit =
            plan.mode == .parallel
            ? "at most \(plan.limit) at once" : "one at a time, in this order"
        let total = Wording.count(plan.count, "step")
        let order = order
        var text = "would run \(order.count) of \(total), \(limit):\n"
        if let skips {
            let runs = order.count { !skips.isKept($0) }
            let bound = skips.mayBeFewer ? "at most " : ""
            text =
                runs > 0
                ? "would run \(bound)\(runs) of \(total), \(limit) (\(skips.counts)):\n"
                : "would run nothing: \(skips.counts)\n"
        }
        let ids = TextWidth.columnWidth(steps.map(\.id.rawValue))
        let numberWidth = String(order.count).count
        var saysLast = false
        for (place, step) in order.enumerated() {
            if plan.isFinalizer(step), !saysLast {
                saysLast = true
                text += "at the end, whatever happened:\n"
            }
            let number = String(place + 1)
            text += String(repeating: " ", count: 2 + numberWidth - number.count) + number
            text += "  " + TextWidth.pad(steps[step].id.rawValue, to: ids)
            text += "  phase \(plan.phases[step])"
            text += "  \(reason(of: step))"
            text += "  " + style.dim(CommandText.text(plan.command(of: step)))
            text += "\n" + details(of: step, indent: 4 + numberWidth)
        }
        for (since, done) in skips?.upToDate ?? [] {
            text += "\(since): "
            text += Wording.list(done.map { steps[$0].id.rawValue }, atMost: 20) + "\n"
        }
        for (run, done) in doneEarlier {
            text += "done earlier, in run \(Sanitizer.line(run)): "
            text += Wording.list(done, atMost: 20) + "\n"
        }
        let decided = plan.selected.indices.filter { plan.selected[$0] && !isUndecided($0) }
        if !decided.isEmpty {
            let words = decided.map { step in
                "\(steps[step].id) (\(plan.policy.decisions[step]?.word ?? ""))"
            }
            text += "decided: \(Wording.list(words, atMost: 20))\n"
        }
        let leftOut = plan.selected.indices.filter { !plan.selected[$0] }
        if !leftOut.isEmpty {
            text += "left out: "
            text += Wording.list(leftOut.map { steps[$0].id.rawValue }, atMost: 20) + "\n"
        }
        text += terms.policyLines.map { $0 + "\n" }.joined()
        if let line = terms.wouldBeParallelLine { text += line + "\n" }
        return text + "nothing was run and nothing was written\n"
    }

    /// What is unusual about a step, printed below it.
    private func details(of step: Int, indent: Int) -> String {
        let tags = terms.tags(of: step)
        let lines = (tags.isEmpty ? [] : [tags.joined(separator: "; ")]) + terms.backups(of: step)
        return lines.map { String(repeating: " ", count: indent) + $0 + "\n" }.joined()
    }

    private func reason(of step: Int) -> String {
        if let decision = plan.policy.decisions[step] { return "decided: \(decision.word)" }
        return skips?.clause(of: step) ?? rerunReasons[step] ?? reasons.text(of: step)
    }

    /// Steps taken over from earlier runs, by the run in which they ran.
    private var doneEarlier: [(run: String, steps: [String])] {
        var runs: [String: [String]] = [:]
        for step in plan.doneEarlier.keys.sorted() {
            guard let done = plan.doneEarlier[step] else { continue }
            runs[done.run, default: []].append(steps[step].id.rawValue)
        }
        return runs.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The same as a JSON document.
    package var json: String {
        var writer = JSONWriter(capacity: 128 * plan.count + 256)
        writer.beginObject()
        writer.member("workflow", plan.resolved.workflow.name)
        writer.member("execution_mode", plan.mode.rawValue)
        writer.member("max_parallel_steps", plan.limit)
        writer.key("steps")
        writer.beginArray()
        for (place, step) in order.enumerated() {
            writer.newLine()
            writer.beginObject()
            writer.member("step_id", steps[step].id.rawValue)
            writer.member("order", place + 1)
            writer.member("phase", plan.phases[step])
            writer.member("reason", reason(of: step))
            skips?.write(step, to: &writer)
            writer.member("command", CommandText.text(plan.command(of: step)))
            terms.write(step, to: &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.key("done_earlier")
        writer.beginArray()
        for (run, done) in doneEarlier {
            for id in done {
                writer.beginObject()
                writer.member("step_id", id)
                writer.member("run_id", run)
                writer.endObject()
            }
        }
        writer.endArray()
        if let skips { write(skips.upToDate, to: &writer) }
        writer.key("left_out")
        writer.beginArray()
        for step in plan.selected.indices where !plan.selected[step] {
            writer.string(steps[step].id.rawValue)
        }
        writer.endArray()
        terms.writePolicy(to: &writer)
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self) + "\n"
    }
}

extension DryRunReport {
    /// Writes which steps need not run.
    private func write(
        _ groups: [(since: String, steps: [Int])], to writer: inout JSONWriter
    ) {
        writer.key("up_to_date")
        writer.beginArray()
        for step in groups.flatMap(\.steps) {
            writer.beginObject()
            writer.member("step_id", steps[step].id.rawValue)
            skips?.write(step, to: &writer)
            writer.endObject()
        }
        writer.endArray()
    }
}

/// Why each step is in a run.
struct SelectionReasons {
    private let plan: RunPlan
    private let options: RunOptions
    /// For each step, a dependent through which it was selected; -1 for none.
    private let neededBy: [Int]

    init(_ plan: RunPlan, _ options: RunOptions) {
        self.plan = plan
        self.options = options
        let graph = plan.resolved.graph
        var neededBy = [Int](repeating: -1, count: plan.count)
        if options.narrowsSteps {
            for step in graph.topologicalOrder().reversed() where plan.selected[step] {
                for dependent in graph.dependents(of: step) where plan.selected[dependent] {
                    neededBy[step] = dependent
                    break
                }
            }
        }
        self.neededBy = neededBy
    }

    /// A clause such as ``needed by `docs` ``.
    func text(of step: Int) -> String {
        let id = plan.resolved.workflow.steps[step].id
        if case .replay(let run, _) = options.startOrder {
            return "started in run \(Sanitizer.line(run))"
        }
        if options.targets.contains(id) { return "named" }
        if options.only.contains(id) { return "named by --only" }
        if options.until.contains(id) { return "named by --until" }
        if options.from.contains(id) { return "named by --from" }
        let isEverything =
            options.targets.isEmpty && options.only.isEmpty && options.until.isEmpty
        if isEverything, !options.from.isEmpty { return "depends on a step of --from" }
        if isEverything { return "every step runs" }
        guard neededBy[step] >= 0 else { return "every step runs" }
        return "needed by `\(plan.resolved.workflow.steps[neededBy[step]].id)`"
    }
}

/// Commands as people read them.
enum CommandText {
    /// A command on one line, neutralised.
    static func text(_ command: Command?) -> String {
        switch command {
        case .arguments(let words)?:
            Sanitizer.line(words.map { ShellWord.quoted($0) }.joined(separator: " "))
        case .shell(let line)?: Sanitizer.line(line)
        case .script(let path)?: Sanitizer.line(path)
        case nil: "no command"
        }
    }
}

extension TextWidth {
    /// A column width that fits the longest of these, at most 40.
    package static func columnWidth(_ texts: some Sequence<String>) -> Int {
        min(40, texts.reduce(0) { max($0, columns(of: $1)) })
    }
}
