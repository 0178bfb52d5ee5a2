import DependencyGraph
package import Execution
import WorkflowModel

/// Why each step of a plan runs, or since when it is up to date.
package struct SkipReport {
    /// The state of a step before the run begins.
    package enum Standing {
        case due([RunReason])
        /// It is out of date, but the cache holds a matching result, made by this run.
        case kept(run: String, [RunReason])
        case upToDate(run: String)
        /// It runs if one of these steps produces a different result.
        case open([Int])
    }

    private let plan: RunPlan
    private let skips: SkipPlan
    /// What the cache would do, by step.
    private let outlooks: [Int: CachePrediction]

    /// Nil for a plan that skips nothing.
    ///
    /// - Parameters:
    ///   - plan: What would run.
    ///   - outlooks: What the cache would do, by step; empty without the cache.
    ///   - isHeldBack: Whether the condition of a step would be false again.
    package init?(
        _ plan: RunPlan, outlooks: [Int: CachePrediction], isHeldBack: (Int) -> Bool
    ) {
        guard let skips = plan.smart else { return nil }
        self.plan = plan
        self.skips = skips
        self.outlooks = outlooks
        isDue = skips.hasWork(selected: plan.selected, isHeldBack: isHeldBack)
    }

    private var ids: [StepID] { plan.resolved.graph.nodes }

    /// The state of a step; nil for a step that is not in the run.
    package func standing(of step: Int) -> Standing? {
        if plan.isUpToDate(step) { return .upToDate(run: skips.upToDate[step] ?? "") }
        guard plan.selected[step] else { return nil }
        if skips.open.contains(step) { return .open(needed(by: step)) }
        return skips.due[step].map { causes in
            if case .hit(let run)? = outlooks[step] { return .kept(run: run, causes) }
            return .due(causes)
        }
    }

    /// What the cache would do for a step; nil for a step that was not looked up.
    package func outlook(of step: Int) -> CachePrediction? { outlooks[step] }

    /// Whether the step's result would be restored instead of running it.
    package func isKept(_ step: Int) -> Bool {
        if case .kept? = standing(of: step) { true } else { false }
    }

    /// The dependencies that run or may run, directly or through steps left out.
    private func needed(by step: Int) -> [Int] {
        var found: [Int] = []
        var seen: Set<Int> = []
        var open = Array(plan.resolved.graph.dependencies(of: step))
        while let next = open.popLast() {
            guard seen.insert(next).inserted, !plan.isUpToDate(next) else { continue }
            if plan.selected[next], skips.due[next] != nil || skips.open.contains(next) {
                found.append(next)
            } else {
                open += plan.resolved.graph.dependencies(of: next)
            }
        }
        return found.sorted()
    }

    /// Whether anything must be run or restored, apart from steps that run at the end of every run.
    package let isDue: Bool

    /// Whether some steps that may run could turn out to be up to date.
    package var mayBeFewer: Bool {
        plan.selected.indices.contains { skips.open.contains($0) || outlooks[$0] == .later }
    }

    /// The state of a step, as a clause on one line.
    package func clause(of step: Int) -> String? {
        switch standing(of: step) {
        case .due(let causes)?: return Sanitizer.line(causes.text) + remark(on: step)
        case .kept(let run, let causes)?:
            return Sanitizer.line("from the cache, as run \(run) made it: \(causes.text)")
        case .upToDate(let run)?: return since(run)
        case .open(let needed)?:
            let names = needed.map { "`\(ids[$0])`" }
            return "if \(Wording.list(names, "or")) produces a different result" + remark(on: step)
        case nil: return nil
        }
    }

    /// What the cache would do, after the reasons why a step has to run.
    private func remark(on step: Int) -> String {
        switch outlooks[step] {
        case .later?: ", " + CachePrediction.later.text
        case let outlook?: "; " + Sanitizer.line(outlook.text)
        case nil: ""
        }
    }

    /// Since when a step is up to date.
    func since(_ run: String) -> String {
        if case .since(let revision) = skips.choice {
            return Sanitizer.line("unchanged since \(revision)")
        }
        return Sanitizer.line(
            StepReason.upToDate(run: run).sentence(name: { ids[$0].rawValue }))
    }

    /// Steps that are up to date, by since when.
    package var upToDate: [(since: String, steps: [Int])] {
        var groups: [String: [Int]] = [:]
        for step in skips.upToDate.keys.sorted() where plan.isUpToDate(step) {
            groups[since(skips.upToDate[step] ?? ""), default: []].append(step)
        }
        return groups.map { ($0.key, $0.value) }.sorted { $0.steps[0] < $1.steps[0] }
    }

    /// The number of steps in each state, in one line.
    var counts: String {
        var (due, kept, later, upToDate) = (0, 0, 0, 0)
        for step in ids.indices {
            switch standing(of: step) {
            case .due? where outlooks[step] == .later: later += 1
            case .due?: due += 1
            case .kept?: kept += 1
            case .open?: later += 1
            case .upToDate?: upToDate += 1
            case nil: break
            }
        }
        guard due + kept + later > 0 else {
            return "all \(Wording.count(upToDate, "step")) up to date"
        }
        var parts = due > 0 || kept == 0 ? ["\(due) to run"] : []
        if kept > 0 { parts.append("\(kept) from the cache") }
        if later > 0 { parts.append("\(later) to be checked when their dependencies have run") }
        if upToDate > 0 { parts.append("\(upToDate) up to date") }
        return parts.joined(separator: ", ")
    }

    /// Writes the state of a step: the members `state`, `causes`, `run_id`, `depends_on`, `cache`.
    package func write(_ step: Int, to writer: inout JSONWriter) {
        switch standing(of: step) {
        case .due(let causes)?, .kept(_, let causes)?:
            writer.member("state", "due")
            writer.write(causes)
        case .upToDate(let run)?:
            writer.member("state", "up_to_date")
            if case .since(let revision) = skips.choice {
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
        if let outlook = outlooks[step] { SkipReport.write(outlook, to: &writer) }
    }

    private static func write(_ outlook: CachePrediction, to writer: inout JSONWriter) {
        writer.key("cache")
        writer.beginObject()
        writer.member("state", outlook.word)
        switch outlook {
        case .hit(let run): writer.member("run_id", run)
        case .damaged(let reason), .unfit(let reason): writer.member("reason", reason)
        case .miss, .later: break
        }
        writer.endObject()
    }
}
