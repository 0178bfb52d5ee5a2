import Execution

/// The parts of a summary about attempts, limits and decisions.
extension RunSummary {
    /// The largest number of lines about steps or attempts; beyond it, the first and the last are
    /// shown.
    private static let maxLines = 8

    /// The result of each attempt of a step, one line each; none for a step that ended with its
    /// first.
    func attemptLines(of index: Int) -> [String] {
        let step = record.steps[index]
        guard !step.earlierAttempts.isEmpty else { return [] }
        let attempts = step.allAttempts
        // A step that ended between two attempts did not end with the last one's result.
        guard attempts.count > 1 || attempts.count == step.earlierAttempts.count else { return [] }
        var lines = attempts.map { attempt in
            var text = "  attempt \(attempt.number), \(attempt.method)"
            if let end = attempt.completedAt {
                text += ", \(Wording.duration(attempt.elapsed(at: end)))"
            }
            let reason = attempt.reason.map { Sanitizer.line(record.text(of: $0)) }
            text += ": " + (attempt.isBusy ? "busy, " : "")
            text += reason ?? attempt.status.rawValue
            if let rest = attempt.next?.restMilliseconds, rest > 0 {
                text += "; then waited \(Wording.rest(rest))"
            }
            return text
        }
        if lines.count > Self.maxLines {
            let left = lines.count - Self.maxLines
            lines.replaceSubrange(
                3..<(3 + left), with: ["  … \(Wording.count(left, "more attempt"))"])
        }
        return lines
    }

    /// What succeeded after retries, was slowed down, or was decided: one line each.
    var notes: [String] { detours + slowed + decisions }

    private var detours: [String] {
        let steps = record.steps.indices.filter {
            record.steps[$0].status == .complete && !record.steps[$0].earlierAttempts.isEmpty
        }
        var lines = steps.prefix(Self.maxLines).map { step in
            let name = record.shownName(of: step)
            return "\(style.green("complete")) \(name) \(record.detourText(of: step) ?? "")"
        }
        if steps.count > lines.count {
            lines.append("and \(steps.count - lines.count) more after failed attempts")
        }
        return lines
    }

    private var slowed: [String] {
        var lines = record.throttles.map { throttle in
            let subject = throttle.resource.map { "`\(Sanitizer.line($0))`" } ?? "the run"
            let names = throttle.steps.map { step in
                "\(record.shownName(of: step)) (\(busyText(of: step)))"
            }
            var text = "\(style.yellow("throttled")) \(subject) \(Wording.times(throttle.count))"
            text += ": \(Wording.list(names, atMost: Self.maxLines))"
            text += "; down to \(throttle.leastLimit) at once"
            if throttle.limit > throttle.leastLimit { text += ", at the end \(throttle.limit)" }
            return text
        }
        lines += record.breakers.filter { $0.openings > 0 }.map { breaker in
            let end =
                switch breaker.phase {
                case .closed: "closed at the end"
                case .open: "open at the end"
                case .halfOpen: "half-open at the end"
                }
            return "\(style.yellow("breaker")) of `\(Sanitizer.line(breaker.resource))` opened "
                + "\(Wording.times(breaker.openings)), \(end)"
        }
        return lines
    }

    /// How often a step was busy, and how long it waited for that.
    private func busyText(of index: Int) -> String {
        let step = record.steps[index]
        let (_, busy) = step.failedAttempts
        let rest = step.earlierAttempts.filter(\.isBusy).reduce(Int64(0)) { sum, attempt in
            let (next, overflow) = sum.addingReportingOverflow(attempt.next?.restMilliseconds ?? 0)
            return overflow ? .max : next
        }
        return "busy \(Wording.times(busy)), waited \(Wording.rest(rest))"
    }

    private var decisions: [String] {
        // For a run that asks from its beginning, nothing has changed.
        let begin = record.steps.compactMap(\.firstLaunchedAt).min() ?? .zero
        var lines = record.modeChanges.filter { $0.time > begin }.map { change in
            "mode: \(change.mode.rawValue) from \(Wording.offset(change.time)) on"
        }
        let decided = record.decisionText
        if !decided.isEmpty {
            lines.append("decided: \(Wording.list(decided, atMost: Self.maxLines))")
        }
        return lines
    }

    /// The commands that decide about the steps for which the run has stopped.
    var decisionCommands: [String] {
        let steps = record.awaitingDecision
        guard !steps.isEmpty else { return [] }
        let choices: [ReviewDecision] = [.retry, .skip, .proceed, .halt]
        let names = steps.map { record.shownName(of: $0) }
        let title = "\(style.yellow("decide")) about \(Wording.list(names, atMost: Self.maxLines))"
        guard steps.count == 1 else {
            let words = choices.dropFirst().map { "\($0.word) (\($0.outcome))" }
            return [
                "\(title), each by itself:",
                "  " + command(steps.map { (step: $0, decision: .retry) }),
                "  instead of retry (\(ReviewDecision.retry.outcome)) also "
                    + Wording.list(words, "or"),
            ]
        }
        let commands = choices.map { choice in command(steps.map { ($0, choice) }) }
        let width = commands.reduce(0) { max($0, TextWidth.columns(of: $1)) }
        return ["\(title) with one of these:"]
            + zip(choices, commands).map { choice, command in
                "  \(TextWidth.pad(command, to: width))  \(style.dim("# " + choice.outcome))"
            }
    }

    private func command(_ decisions: [(step: Int, decision: ReviewDecision)]) -> String {
        let words = ["stepvisor", "run"] + options + ["--resume"]
        let chosen = decisions.flatMap { step, decision in
            // The part before `=` needs no quotes.
            let id = record.name(of: step)
            let word = "\(id)=\(decision.word)"
            return ["--decide", ShellWord.quoted(id) == id ? word : ShellWord.quoted(word)]
        }
        let quoted = words.map { ShellWord.quoted($0) } + chosen
        return Sanitizer.line(quoted.joined(separator: " "))
    }
}

extension ReviewDecision {
    /// The consequence, in a few words.
    fileprivate var outcome: String {
        switch self {
        case .retry: "runs again"
        case .useBackup: "runs by its first backup"
        case .skip: "counts as skipped, what depends on it runs"
        case .proceed: "stays failed, what depends on it runs, exit 1"
        case .halt: "stays failed, nothing more runs, exit 1"
        }
    }
}
