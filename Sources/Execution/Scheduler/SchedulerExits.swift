import WorkflowModel

/// Exits: the results of an attempt's processes, and the checks before the attempt is over.
extension Scheduler {
    mutating func leaderExited(
        _ step: Int, _ exit: ExitStatus, _ usage: ResourceUsage?, _ leftovers: [Leftover],
        _ escaped: [Leftover], _ effects: inout Effects
    ) {
        guard states[step] == .running || states[step] == .terminating else { return }
        if activeSteps[step]?.isChecking == true {
            activeSteps[step]?.checkExit = exit
        } else {
            activeSteps[step]?.exit = exit
            activeSteps[step]?.usage = usage
        }
        var leftovers = leftovers
        if !escaped.isEmpty {
            if plan.traits[step].contains(.failsOnLeftovers) {
                leftovers += escaped
            } else {
                warn(of: escaped, leftBy: step, &effects)
            }
        }
        activeSteps[step]?.leftovers = leftovers.map(\.pid)
        guard !leftovers.isEmpty else {
            endByExit(step, &effects)
            return
        }
        effects.record(.leftovers(step: step, leftovers))
        settle(step, leftovers, &effects)
    }

    /// Warns of processes that left a step's group: one may be a server for later steps, so it
    /// continues.
    private mutating func warn(of escaped: [Leftover], leftBy step: Int, _ effects: inout Effects) {
        effects.record(.leftovers(step: step, escaped))
        effects.record(
            .warning(
                step: step,
                "left \(escaped.summary) outside its process group: stopped at the end of the run"))
    }

    mutating func groupEmptied(_ step: Int, _ effects: inout Effects) {
        guard states[step] == .settling else { return }
        endByExit(step, &effects)
    }

    private mutating func endByExit(_ step: Int, _ effects: inout Effects) {
        guard let active = activeSteps[step] else { return }
        let outcome = outcome(of: step, active)
        let request = active.isChecking ? [] : request(for: step, after: outcome)
        guard !request.isEmpty else {
            conclude(step, outcome, orCheck: !active.isChecking, &effects)
            return
        }
        states.move(step, to: .verifying)
        activeSteps[step]?.deadline = nil
        activeSteps[step]?.idleAt = nil
        effects.act(.verify(step: step, request))
    }

    /// The checks that are needed to interpret an exit.
    private func request(for step: Int, after outcome: StepEnd) -> VerificationRequest {
        var request: VerificationRequest = []
        guard abortReason(of: step) == nil else { return request }
        let asksForBusy = plan.policy.throttle?.pattern != nil && !isHalted(step)
        switch outcome.reason {
        case nil:
            if plan.traits[step].contains(.declaresOutputs) { request.insert(.outputs) }
            if plan.traits[step].contains(.wantsPattern) { request.insert(.successPattern) }
            if asksForBusy, !request.isEmpty { request.insert(.throttlePattern) }
        case .exited, .signalled:
            if asksForBusy, !isBusy(outcome) { request.insert(.throttlePattern) }
        default: break
        }
        return request
    }

    mutating func verified(
        _ step: Int, _ verification: Verification, _ effects: inout Effects
    ) {
        guard states[step] == .verifying, let active = activeSteps[step], !active.isChecking else {
            return
        }
        var outcome = outcome(of: step, active)
        if outcome.status == .complete, !verification.missing.isEmpty {
            outcome.status = .failed
            outcome.reason = .outputsMissing(verification.missing)
        } else if outcome.status == .complete, !verification.hasSucceeded {
            outcome.status = .failed
            outcome.reason = .successPatternMissing(
                plan.resolved.workflow.steps[step].gating.successPattern ?? "")
        }
        if outcome.status == .complete, !verification.empty.isEmpty {
            effects.record(.outputsEmpty(step: step, verification.empty))
        }
        activeSteps[step]?.saysBusy = verification.isBusy
        conclude(step, outcome, orCheck: true, &effects)
    }

    /// Ends an attempt, unless its success has to be checked first.
    private mutating func conclude(
        _ step: Int, _ outcome: StepEnd, orCheck mayCheck: Bool, _ effects: inout Effects
    ) {
        if mayCheck, outcome.status == .complete, abortReason(of: step) == nil,
            plan.traits[step].contains(.hasCheck)
        {
            launchCheck(step, &effects)
        } else {
            conclude(step, outcome, &effects)
        }
    }

    /// The meaning of a step's exit, apart from a stop of the run.
    func outcome(of step: Int, _ active: ActiveStep) -> StepEnd {
        var end = StepEnd(status: .failed, exit: active.exit, usage: active.usage)
        if let cause = active.cause {
            end.reason = cause
            return end
        }
        if let exit = active.checkExit, !exit.isSuccess {
            end.reason = .verifyFailed(exit)
            return end
        }
        switch active.exit {
        case .signalled(let signal, let coreDumped):
            end.reason = .signalled(signal, coreDumped: coreDumped)
        case .exited(let code) where code != 0:
            end.reason = .exited(code)
        default:
            if !active.leftovers.isEmpty, plan.traits[step].contains(.failsOnLeftovers) {
                end.reason = .leftProcesses(active.leftovers.count)
            } else {
                end.status = .complete
            }
        }
        return end
    }
}
