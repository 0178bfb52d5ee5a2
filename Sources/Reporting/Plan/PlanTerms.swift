import Execution
import WorkflowModel

/// The rules under which steps run: what happens after a failed attempt, whether a step runs at
/// all, and what must hold before it counts as done.
struct PlanTerms {
    let plan: RunPlan

    /// The largest width of an expression in brackets.
    private static let maxColumns = 48
    private static let maxSetsForPrograms = 200
    /// The largest number of sets of steps that are named.
    private static let maxSets = 8
    /// The largest number of steps that are named.
    private static let maxSteps = 8

    /// What is unusual about a step, a few words each.
    func tags(of index: Int) -> [String] {
        let step = plan.resolved.workflow.steps[index]
        var tags: [String] = []
        if step.allowsFailure { tags.append("may fail") }
        if let condition = step.gating.condition {
            tags.append("if \(Self.clipped(Self.withoutIf(condition)))")
        }
        let recovery = step.recovery
        if recovery.retries > 0 {
            let on = recovery.retryOn.isEmpty ? "" : " on " + Self.text(recovery.retryOn)
            tags.append(Wording.count(recovery.retries, "retry", plural: "retries") + on)
        }
        if !recovery.backups.isEmpty {
            let idle = recovery.backups.indices.count {
                plan.command(of: index, by: .backup($0 + 1)) == nil
            }
            let words = idle > 0 ? ", \(idle) in words only" : ""
            tags.append(Wording.count(recovery.backups.count, "backup") + words)
        }
        if let pattern = step.gating.successPattern {
            tags.append("log must hold \(Self.clipped(pattern))")
        }
        if let check = step.gating.verify { tags.append("verified by \(Self.clipped(check))") }
        return tags
    }

    /// The backups of a step, one line each.
    func backups(of index: Int) -> [String] {
        let backups = plan.resolved.workflow.steps[index].recovery.backups
        return backups.indices.map { place in
            let command = plan.command(of: index, by: .backup(place + 1))
            var line = "backup[\(place + 1)]: "
            line += command == nil ? "in words only" : CommandText.text(command)
            if let words = backups[place].description, !words.isEmpty {
                line += " (\(Sanitizer.line(words)))"
            }
            return line
        }
    }

    /// How the run handles failures and limits, one line each; rules without effect are left out.
    var policyLines: [String] {
        [failureLine] + groupLines + [retryLine, throttleLine].compactMap { $0 } + breakerLines
            + limitLines
    }

    /// The steps that would run in parallel with `--parallel`; nil for a parallel run.
    var wouldBeParallelLine: String? {
        let sets = plan.parallelSets(atMost: Self.maxSets + 1)
        guard !sets.isEmpty else { return nil }
        let lists = sets.prefix(Self.maxSets).map { set in
            let names = set.map { plan.resolved.workflow.steps[$0].id.rawValue }
            return Wording.list(names, atMost: Self.maxSteps)
        }
        return "would be parallel: " + lists.joined(separator: "; ")
            + (sets.count > Self.maxSets ? "; …" : "")
            + (plan.resolved.workflow.execution.isParallelEnabled
                ? " (with `--parallel`)" : " (but for `parallel_enabled = false`)")
    }

    // MARK: - Words

    private var failureLine: String {
        let policy = plan.policy
        var text = "on a critical failure: \(policy.propagation.rawValue)"
        if policy.propagation == .haltOnCritical { text += ", \(strategy.rawValue)" }
        if !policy.heedsCritical { text = "on a failure: what does not depend on it runs (-k)" }
        if let threshold = policy.threshold {
            let effect =
                policy.mode == .dynamic
                ? "asks" : policy.propagation == .collaborativeReview ? "review" : "halts"
            text += "; after \(Wording.count(threshold, "failure")) in a row: \(effect)"
        }
        return text + "; mode \(policy.mode.rawValue)"
    }

    private var groupLines: [String] {
        plan.resolved.workflow.parallelGroups.compactMap { group in
            var parts: [String] = []
            if let limit = group.maxParallelSteps { parts.append("at most \(limit) at once") }
            if let strategy = group.failureStrategy, plan.policy.heedsCritical {
                parts.append(
                    "a critical failure halts it alone, \(strategy.rawValue)")
            }
            guard !parts.isEmpty else { return nil }
            return "group \(Sanitizer.line(group.name)): " + parts.joined(separator: "; ")
        }
    }

    private func writeGroups(to writer: inout JSONWriter) {
        writer.key("parallel_groups")
        writer.beginArray()
        for group in plan.resolved.workflow.parallelGroups {
            writer.beginObject()
            writer.member("name", group.name)
            write("failure_strategy", group.failureStrategy?.rawValue, to: &writer)
            if let limit = group.maxParallelSteps {
                writer.member("max_parallel_steps", limit)
            } else {
                writer.null("max_parallel_steps")
            }
            writer.endObject()
        }
        writer.endArray()
    }

    private var strategy: FailureStrategy {
        plan.resolved.workflow.execution.failureStrategy
    }

    private var retryLine: String? {
        let isUsed = plan.selected.indices.contains { step in
            plan.selected[step] && plan.resolved.workflow.steps[step].recovery.retries > 0
        }
        guard isUsed else { return nil }
        let retry = plan.policy.retry
        var text =
            "before a retry: \(Self.text(retry.delay)), doubled up to \(Self.text(retry.maxDelay))"
        if let budget = retry.budget {
            text += "; " + Wording.count(budget, "retry", plural: "retries") + " in all"
        }
        return text
    }

    private var throttleLine: String? {
        guard let throttle = plan.policy.throttle else { return nil }
        var signs: [String] = []
        if !throttle.exitCodes.isEmpty {
            signs.append(
                "exit code " + Wording.list(throttle.exitCodes.map { String($0) }, "or"))
        }
        if let pattern = throttle.pattern {
            signs.append("`\(Sanitizer.line(pattern))` in the log")
        }
        return "busy is \(Wording.list(signs, "or")): one less at once, again after "
            + "\(Self.text(throttle.delay)), back after \(Self.text(throttle.recoverAfter))"
    }

    private var breakerLines: [String] {
        breakers.map { name, breaker in
            "breaker of `\(Sanitizer.line(name))`: opens after "
                + "\(Wording.count(breaker.failures, "failure")) in a row for "
                + "\(Self.text(breaker.coolDown)); steps "
                + (breaker.whenOpen == .wait ? "wait" : "fail at once")
        }
    }

    private var limitLines: [String] {
        var lines: [String] = []
        if let limit = plan.phaseLimit {
            let declared = plan.resolved.workflow.execution.phaseTimeout
            let base = declared.map { " (1.5 × \(Self.text($0)))" } ?? ""
            lines.append("limit of a phase: \(Self.text(limit))\(base)")
        }
        if let limit = plan.runLimit { lines.append("limit of the run: \(Self.text(limit))") }
        return lines
    }

    /// The breakers of resources that steps of the run take.
    private var breakers: [(name: String, policy: BreakerPolicy)] {
        var taken: Set<Int32> = []
        for step in plan.selected.indices where plan.selected[step] {
            for claim in plan.claims(of: step) { taken.insert(claim.resource) }
        }
        return zip(plan.resources, plan.policy.breakers).enumerated().compactMap { place, pair in
            guard let breaker = pair.1, taken.contains(Int32(place)) else { return nil }
            return (pair.0.name, breaker)
        }
    }

    /// A condition without its optional `IF`.
    private static func withoutIf(_ text: String) -> String {
        text.lowercased().hasPrefix("if ") ? String(text.dropFirst(3)) : text
    }

    private static func clipped(_ text: String) -> String {
        "`\(TextWidth.clip(Sanitizer.line(text), to: maxColumns))`"
    }

    private static func text(_ length: Milliseconds) -> String {
        DurationText.declared(milliseconds: length.value)
    }

    private static func text(_ triggers: [RetryTrigger]) -> String {
        Wording.list(triggers.map(word), "or")
    }

    private static func word(_ trigger: RetryTrigger) -> String {
        switch trigger {
        case .exitCode(let code): String(code)
        case .signal(let signal): SignalName.name(of: signal)
        case .timeout: "timeout"
        }
    }
}

// MARK: - For programs

extension PlanTerms {
    /// The members of a step's object.
    func write(_ index: Int, to writer: inout JSONWriter) {
        let step = plan.resolved.workflow.steps[index]
        writer.member("always", plan.isFinalizer(index))
        writer.member("allow_failure", step.allowsFailure)
        if let condition = step.gating.condition {
            writer.member("condition", condition)
        } else {
            writer.null("condition")
        }
        writer.member("most_attempts", plan.maxAttempts(of: index))
        writer.member("retries", step.recovery.retries)
        writer.key("retry_on")
        writer.beginArray()
        for trigger in step.recovery.retryOn { writer.string(Self.word(trigger)) }
        writer.endArray()
        writer.key("backups")
        writer.beginArray()
        for (place, backup) in step.recovery.backups.enumerated() {
            writer.beginObject()
            if let command = plan.command(of: index, by: .backup(place + 1)) {
                writer.member("command", CommandText.text(command))
            } else {
                writer.null("command")
            }
            writer.member("description", backup.description ?? "")
            writer.endObject()
        }
        writer.endArray()
        write("success_pattern", step.gating.successPattern, to: &writer)
        write("verify", step.gating.verify, to: &writer)
        write("timeout_ms", plan.timeout(of: index), to: &writer)
        write("idle_timeout_ms", plan.idleTimeout(of: index), to: &writer)
    }

    /// The members that are about the whole run.
    func writePolicy(to writer: inout JSONWriter) {
        let policy = plan.policy
        writer.newLine()
        // `newLine` has placed the comma.
        writer.key("policy")
        writer.beginObject()
        writer.member("error_propagation", policy.propagation.rawValue)
        writer.member("failure_strategy", strategy.rawValue)
        writer.member("heeds_critical", policy.heedsCritical)
        writer.member("mode", policy.mode.rawValue)
        if let threshold = policy.threshold {
            writer.member("failure_threshold", threshold)
        } else {
            writer.null("failure_threshold")
        }
        writer.key("retry")
        writer.beginObject()
        write("delay_ms", policy.retry.delay, to: &writer)
        write("max_delay_ms", policy.retry.maxDelay, to: &writer)
        if let budget = policy.retry.budget {
            writer.member("budget", budget)
        } else {
            writer.null("budget")
        }
        writer.endObject()
        writeGroups(to: &writer)
        writeThrottle(to: &writer)
        writeBreakers(to: &writer)
        write("phase_limit_ms", plan.phaseLimit, to: &writer)
        write("run_limit_ms", plan.runLimit, to: &writer)
        writer.endObject()
        writer.key("would_be_parallel")
        writer.beginArray()
        for step in plan.wouldBeParallel {
            writer.string(plan.resolved.workflow.steps[step].id.rawValue)
        }
        writer.endArray()
        writer.key("parallel_sets")
        writer.beginArray()
        for set in plan.parallelSets(atMost: Self.maxSetsForPrograms) {
            writer.beginArray()
            for step in set { writer.string(plan.resolved.workflow.steps[step].id.rawValue) }
            writer.endArray()
        }
        writer.endArray()
    }

    private func writeThrottle(to writer: inout JSONWriter) {
        guard let throttle = plan.policy.throttle else {
            writer.null("throttle")
            return
        }
        writer.key("throttle")
        writer.beginObject()
        writer.key("exit_codes")
        writer.beginArray()
        for code in throttle.exitCodes { writer.integer(code) }
        writer.endArray()
        write("pattern", throttle.pattern, to: &writer)
        write("delay_ms", throttle.delay, to: &writer)
        write("recover_after_ms", throttle.recoverAfter, to: &writer)
        writer.endObject()
    }

    private func writeBreakers(to writer: inout JSONWriter) {
        writer.key("breakers")
        writer.beginArray()
        for (name, breaker) in breakers {
            writer.beginObject()
            writer.member("resource", name)
            writer.member("failures", breaker.failures)
            write("cool_down_ms", breaker.coolDown, to: &writer)
            writer.member("when_open", breaker.whenOpen.rawValue)
            writer.endObject()
        }
        writer.endArray()
    }

    private func write(_ name: StaticString, _ text: String?, to writer: inout JSONWriter) {
        if let text { writer.member(name, text) } else { writer.null(name) }
    }

    private func write(
        _ name: StaticString, _ length: Milliseconds?, to writer: inout JSONWriter
    ) {
        if let length { writer.member(name, length.value) } else { writer.null(name) }
    }
}
