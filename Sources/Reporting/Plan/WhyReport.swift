import DependencyGraph
package import Execution
import WorkflowModel

/// The answers to `why`, one for each named step.
package enum WhyReport {
    /// A paragraph for each answer.
    package static func text(_ answers: [some WhyAnswer]) -> String {
        answers.map(\.text).joined(separator: "\n")
    }

    /// One object; an array of them when a name stands for several steps.
    package static func json(_ answers: [some WhyAnswer]) -> String {
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

/// The answer about one step, in both forms.
package protocol WhyAnswer {
    /// Lines for people.
    var text: String { get }
    /// Members of an object for programs.
    func write(to writer: inout JSONWriter)
}

/// Why a step would run now, and why it ran last.
package struct CurrentReasons: WhyAnswer {
    private let step: Int
    private let id: String
    private let skips: SkipReport?
    private let latest: (record: RunRecord, step: Int)?

    /// - Parameters:
    ///   - step: Its index in the plan.
    ///   - plan: What would run now.
    ///   - skips: Nil when nothing would be skipped.
    ///   - record: The latest run, if any; its steps are matched by id.
    package init(of step: Int, _ plan: RunPlan, skips: SkipReport?, latest record: RunRecord?) {
        self.step = step
        self.skips = skips
        let id = plan.resolved.graph.nodes[step].rawValue
        self.id = id
        latest = record.flatMap { record in
            record.header.steps.firstIndex { $0.id == id }.map { (record, $0) }
        }
    }

    package var text: String {
        var lines: [String]
        switch skips?.standing(of: step) {
        case .due(let causes)?:
            lines = ["`\(id)` has to run:"] + causes.map { "  \(Sanitizer.line($0.text))" }
            if let outlook = skips?.outlook(of: step) {
                lines.append("  \(Sanitizer.line(outlook.text))")
            }
        case .kept(let run, let causes)?:
            lines = ["`\(id)` would come from the cache, as run \(Sanitizer.line(run)) made it:"]
            lines += causes.map { "  \(Sanitizer.line($0.text))" }
        case .upToDate?:
            lines = ["`\(id)` need not run: it is \(skips?.clause(of: step) ?? "up to date")"]
        case .open?:
            lines = ["`\(id)` has to run \(skips?.clause(of: step) ?? "")"]
        case nil:
            lines = ["`\(id)` is no part of a run"]
        }
        return (lines + latestLines).map { $0 + "\n" }.joined()
    }

    private var latestLines: [String] {
        guard let (record, step) = latest else { return ["no run of it is recorded"] }
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

    package func write(to writer: inout JSONWriter) {
        writer.member("step_id", id)
        skips?.write(step, to: &writer)
        guard let (record, step) = latest else {
            writer.null("latest_run")
            return
        }
        writer.key("latest_run")
        writer.beginObject()
        writer.member("run_id", record.header.runID)
        writer.member("status", record.steps[step].status.rawValue)
        if let reason = record.reasonText(of: step) { writer.member("reason", reason) }
        if let causes = record.causes[step] { writer.write(causes) }
        writer.endObject()
    }
}

/// How the inputs of a step differ between two runs.
package struct StepDifference: WhyAnswer {
    let step: String
    let runs: (String, String)
    /// The runs that produced the results of the two.
    let madeIn: (String, String)
    let causes: [RunReason]

    /// - Parameters:
    ///   - step: Its id.
    ///   - runs: The ids of the runs that are compared.
    ///   - madeIn: The ids of the runs that produced the results of these two.
    ///   - causes: The differences.
    package init(
        step: String, runs: (String, String), madeIn: (String, String), causes: [RunReason]
    ) {
        self.step = step
        self.runs = runs
        self.madeIn = madeIn
        self.causes = causes
    }

    package var text: String {
        let between = "between run \(runs.0) and run \(runs.1)"
        if madeIn.0 == madeIn.1 {
            return "`\(step)`: nothing differs \(between): both have what run \(madeIn.0) made\n"
        }
        guard !causes.isEmpty else { return "`\(step)`: nothing differs \(between)\n" }
        let lines = causes.map { "  \(Sanitizer.line($0.text))\n" }.joined()
        return "`\(step)` \(between):\n" + lines
    }

    package func write(to writer: inout JSONWriter) {
        writer.member("step_id", step)
        writer.key("between")
        writer.beginArray()
        writer.string(runs.0)
        writer.string(runs.1)
        writer.endArray()
        writer.key("made_in")
        writer.beginArray()
        writer.string(madeIn.0)
        writer.string(madeIn.1)
        writer.endArray()
        writer.write(causes)
    }
}
