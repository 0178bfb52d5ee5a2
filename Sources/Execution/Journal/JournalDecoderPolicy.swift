/// The other half of what `JournalEncoderPolicy` writes.
extension JournalDecoder {
    func checkStarted(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members), let pid: Int32 = members.integer("pid"),
            let ticks: UInt64 = members.integer("start")
        else { return nil }
        return .checkStarted(step: step, pid: pid, startTicks: ticks)
    }

    func logPart(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members), let execution: Int32 = members.integer("execution"),
            let previousEnd: Int64 = members.integer("previous_end"),
            let start: Int64 = members.integer("start")
        else { return nil }
        return .logPart(
            step: step,
            LogPart(
                execution: execution, isCheck: members.truth("check"), previousEnd: previousEnd,
                start: start))
    }

    func outputsEmpty(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members), let paths = members.array("paths") else { return nil }
        return .outputsEmpty(
            step: step,
            paths.compactMap { if case .string(let text) = $0 { text } else { nil } })
    }

    func attemptFailed(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members), let reason = reason(members) else { return nil }
        return .attemptFailed(
            step: step,
            AttemptFailure(
                reason: reason, exit: Self.exit(members), usage: Self.usage(members),
                isBusy: members.truth("busy"), error: members.text("error")))
    }

    func retryScheduled(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members), let attempt: Int = members.integer("attempt"),
            let method = Self.method(members), let delay: Int64 = members.integer("delay_ms")
        else { return nil }
        return .retryScheduled(
            step: step, attempt: attempt, method: method, delayMilliseconds: delay)
    }

    func decided(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members), let decision = Self.decision(members) else { return nil }
        return .decided(step: step, decision)
    }

    func thresholdReached(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members), let failures: Int = members.integer("failures") else {
            return nil
        }
        return .thresholdReached(step: step, failures: failures)
    }

    func throttled(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members), let limit: Int = members.integer("limit"),
            let delay: Int64 = members.integer("delay_ms")
        else { return nil }
        return .throttled(
            step: step, resource: members.text("resource"), limit: limit,
            delayMilliseconds: delay)
    }

    func breakerChanged(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let resource = members.text("resource"),
            let phase = members.text("phase").flatMap({ BreakerPhase(rawValue: $0) })
        else { return nil }
        guard members["step"] != nil else {
            return .breakerChanged(resource: resource, phase, step: nil)
        }
        guard let step = step(members) else { return nil }
        return .breakerChanged(resource: resource, phase, step: step)
    }

    func policyReason(_ code: String, _ reason: JSONMembers) -> StepReason? {
        switch code {
        case "failures_in_a_row":
            return reason.integer("count").map { .failuresInARow($0) }
        case "group_halted":
            guard let group = reason.text("group") else { return nil }
            return step(reason, "cause").map { .groupHalted(group, by: $0) }
        case "awaits_review":
            return step(reason, "cause").map { .awaitsReview(of: $0) }
        case "decided":
            return Self.decision(reason).map { .decided($0) }
        case "condition_false":
            guard let text = reason.text("condition"), let values = reason.text("values") else {
                return nil
            }
            return .conditionFalse(text, values: values)
        case "condition_error":
            guard let text = reason.text("condition"), let message = reason.text("message") else {
                return nil
            }
            return .conditionError(text, message: message)
        case "success_pattern_missing":
            return reason.text("pattern").map { .successPatternMissing($0) }
        case "verify_failed":
            return Self.exit(reason).map { .verifyFailed($0) }
        case "breaker_open":
            return reason.text("resource").map { .breakerOpen(resource: $0) }
        default:
            // A newer version's reason: its name is all that can be kept.
            return .other(code)
        }
    }

    private static func decision(_ members: JSONMembers) -> ReviewDecision? {
        members.text("decision").flatMap { ReviewDecision(word: $0) }
    }
}
