import DependencyGraph
import Execution
import Reporting
import WorkflowModel

/// What a plan that skips says of its steps: why each runs, or since when it need not.
struct SmartWords {
    /// Where a step stands before the run begins.
    enum Standing {
        case due([DueCause])
        case upToDate(run: String)
        /// It runs if one of these steps produces something else.
        case open([Int])
    }

    private let plan: RunPlan
    private let smart: SmartPlan

    /// Nil for a plan that skips nothing.
    init?(_ plan: RunPlan) {
        guard let smart = plan.smart else { return nil }
        self.plan = plan
        self.smart = smart
    }

    private var ids: [StepID] { plan.resolved.graph.nodes }

    /// Where a step stands; nil for one that the run is not about.
    func standing(of step: Int) -> Standing? {
        if plan.isUpToDate(step) { return .upToDate(run: smart.upToDate[step] ?? "") }
        guard plan.selected[step] else { return nil }
        if smart.open.contains(step) { return .open(needed(by: step)) }
        return smart.due[step].map { .due($0) }
    }

    /// The steps that run, or may, and that a step needs: itself, or through steps left out.
    private func needed(by step: Int) -> [Int] {
        var found: [Int] = []
        var seen: Set<Int> = []
        var open = Array(plan.resolved.graph.dependencies(of: step))
        while let next = open.popLast() {
            guard seen.insert(next).inserted, !plan.isUpToDate(next) else { continue }
            if plan.selected[next], smart.due[next] != nil || smart.open.contains(next) {
                found.append(next)
            } else {
                open += plan.resolved.graph.dependencies(of: next)
            }
        }
        return found.sorted()
    }

    /// Whether anything has to run but for what runs at the end of every run.
    var isDue: Bool {
        !smart.open.isEmpty
            || smart.due.contains { step, causes in
                plan.selected[step] && causes.contains { $0.kind != .always }
            }
    }

    /// Whether some steps that may run need not after all.
    var mayBeFewer: Bool { plan.selected.indices.contains { smart.isExamined($0) } }

    /// Where a step stands, as a clause on one line.
    func clause(of step: Int) -> String? {
        switch standing(of: step) {
        case .due(let causes)?:
            let restores = smart.isExamined(step) ? ", unless its outputs were kept (--cache)" : ""
            return Sanitizer.line(causes.text) + restores
        case .upToDate(let run)?: return since(run)
        case .open(let needed)?:
            let names = needed.map { "`\(ids[$0])`" }
            return "if \(Wording.list(names, "or")) produces a different result"
        case nil: return nil
        }
    }

    /// Since when a step need not run.
    func since(_ run: String) -> String {
        if case .since(let revision) = smart.choice {
            return Sanitizer.line("unchanged since \(revision)")
        }
        return Sanitizer.line(
            StepReason.upToDate(run: run).sentence(name: { ids[$0].rawValue }))
    }

    /// Steps that need not run, by since when.
    var upToDate: [(since: String, steps: [Int])] {
        var groups: [String: [Int]] = [:]
        for step in smart.upToDate.keys.sorted() where plan.isUpToDate(step) {
            groups[since(smart.upToDate[step] ?? ""), default: []].append(step)
        }
        return groups.map { ($0.key, $0.value) }.sorted { $0.steps[0] < $1.steps[0] }
    }

    /// How many steps stand where, in a line.
    var counts: String {
        let standings = ids.indices.compactMap { standing(of: $0) }
        var (due, open, upToDate) = (0, 0, 0)
        for standing in standings {
            switch standing {
            case .due: due += 1
            case .open: open += 1
            case .upToDate: upToDate += 1
            }
        }
        guard due + open > 0 else { return "all \(Wording.count(upToDate, "step")) up to date" }
        var parts = ["\(due) to run"]
        if open > 0 { parts.append("\(open) to be looked at when what they need has run") }
        if upToDate > 0 { parts.append("\(upToDate) up to date") }
        return parts.joined(separator: ", ")
    }

    /// Writes where a step stands: the members `state`, `causes`, `run_id`, `depends_on`.
    func write(_ step: Int, to writer: inout JSONWriter) {
        switch standing(of: step) {
        case .due(let causes)?:
            writer.member("state", "due")
            writer.write(causes)
        case .upToDate(let run)?:
            writer.member("state", "up_to_date")
            if case .since(let revision) = smart.choice {
                writer.member("since", revision)
            } else {
                writer.member("run_id", run)
            }
        case .open(let needed)?:
            writer.member("state", "open")
            writer.key("depends_on")
            writer.beginArray()
            for step in needed { writer.string(ids[step].rawValue) }
            writer.endArray()
        case nil: break
        }
    }
}
