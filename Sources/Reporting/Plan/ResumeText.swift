import DependencyGraph
package import Execution
import WorkflowModel

/// What a resumed run prints before it begins.
package struct ResumeText {
    private let resume: ResumePlan
    private let plan: RunPlan

    private var graph: Graph<StepID> { plan.resolved.graph }

    /// Lines about single steps; further steps are only counted.
    private static let maxLines = 12

    package init(_ resume: ResumePlan, _ plan: RunPlan) {
        self.resume = resume
        self.plan = plan
    }

    /// The lines: what is taken over, and which steps run again and why.
    package var lines: [String] {
        let run = Sanitizer.line(resume.run)
        let reruns = resume.reruns.filter { !plan.isUpToDate($0.step) }
        let count =
            resume.done.count + resume.doneUnlessNeedsRun.count + resume.reruns.count - reruns.count
        let done = Wording.count(count, "step")
        let verb = count == 1 ? "is" : "are"
        var lines = [
            "going on with run \(run): \(done) \(verb) done, "
                + (reruns.isEmpty ? "none is left to run" : "\(reruns.count) to run")
        ]
        var details = reruns.filter { Self.isReported($0.reason) }.map { rerun in
            "`\(id(of: rerun.step))` \(text(of: rerun.step, rerun.reason))"
        }
        details += resume.doneUnlessNeedsRun.sorted { $0.key < $1.key }.map { step, done in
            "`\(id(of: step))` \(text(of: .unlessRuns(done.needed)))"
        }
        details += resume.removed.map {
            "`\(Sanitizer.line($0))` is no step of the workflow any more"
        }
        lines += details.prefix(Self.maxLines).map { "  " + $0 }
        let more = details.count - Self.maxLines
        if more > 0 { lines.append("  and \(more) more") }
        return lines
    }

    /// Why each step that runs does so, by its index.
    package var reasons: [Int: String] {
        Dictionary(
            resume.reruns.map { ($0.step, text(of: $0.step, $0.reason)) }
                + resume.doneUnlessNeedsRun.map { ($0.key, text(of: .unlessRuns($0.value.needed))) },
            uniquingKeysWith: { $1 })
    }

    /// Whether a reason is worth a line: the user knows which steps failed or were never reached.
    private static func isReported(_ reason: RerunReason) -> Bool {
        reason.wasDone || reason == .inFlight || reason == .new || reason == .leftOutBefore
    }

    /// A clause whose subject is the step; with skipping, the reason why a finished step is out of
    /// date.
    private func text(of step: Int, _ reason: RerunReason) -> String {
        guard reason.wasDone, let smart = plan.smart else { return text(of: reason) }
        if let causes = smart.due[step] { return "runs again: \(Sanitizer.line(causes.text))" }
        return smart.open.contains(step)
            ? "is checked again when its dependencies have run" : text(of: reason)
    }

    private func text(of reason: RerunReason) -> String {
        switch reason {
        case .new: "is new"
        case .leftOutBefore: "was left out before"
        case .notReached: "was not reached before"
        case .inFlight: "runs again: it was running when stepvisor died"
        case .failed: "runs again: it failed"
        case .aborted: "runs again: it was stopped"
        case .commandChanged: "runs again: its command changed"
        case .settingsChanged: "runs again: its settings changed"
        case .inputsChanged: "runs again: its inputs changed"
        case .inputsMoved: "runs again: its inputs changed while it ran"
        case .inputsUnreadable: "runs again: its inputs cannot be read"
        case .unknownBasis: "runs again: it is not recorded what it was started from"
        case .skippedByDecision: "was skipped by a decision before"
        case .conditionFalse: "is considered again: its condition did not hold before"
        case .always: "always runs"
        case .outputs(let causes): "runs again: \(Sanitizer.line(causes.text))"
        case .unlessRuns(let step): "stays done unless `\(id(of: step))` has something new for it"
        case .notUpToDate: "runs again: it is not up to date any more"
        case .dependency(let step): "runs again: it depends on `\(id(of: step))`, which runs"
        }
    }

    private func id(of step: Int) -> String {
        graph.nodes.indices.contains(step) ? Sanitizer.line(graph.nodes[step].rawValue) : "\(step)"
    }
}
