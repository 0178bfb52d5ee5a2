import WorkflowModel

/// Exits: what an attempt's processes came to, and what is looked at before the attempt is over.
extension Scheduler {
    mutating func leaderExited(
        _ step: Int, _ exit: ExitStatus, _ usage: ResourceUsage?, _ leftovers: [Leftover],
        _ escaped: [Leftover], _ turn: inout Effects
    ) {
        guard states[step] == .running || states[step] == .terminating else { return }
        if flights[step]?.isChecking == true {
            flights[step]?.checkExit = exit
        } else {
            flights[step]?.exit = exit
            flights[step]?.usage = usage
        }
        var leftovers = leftovers
        if !escaped.isEmpty {
            if plan.traits[step].contains(.failsOnLeftovers) {
                leftovers += escaped
            } else {
                warn(of: escaped, leftBy: step, &turn)
            }
        }
        flights[step]?.leftovers = leftovers.map(\.pid)
        guard !leftovers.isEmpty else {
            endByExit(step, &turn)
            return
        }
        turn.record(.leftovers(step: step, leftovers))
        settle(step, leftovers, &turn)
    }

    /// What has left a step's group may be a server for later steps: it is named, and goes on.
    private mutating func warn(of escaped: [Leftover], leftBy step: Int, _ turn: inout Effects) {
        turn.record(.leftovers(step: step, escaped))
        turn.record(
            .warning(
                step: step,
                "left \(escaped.summary) outside its process group: stopped at the end of the run"))
    }

    mutating func groupEmptied(_ step: Int, _ turn: inout Effects) {
        guard states[step] == .settling else { return }
        endByExit(step, &turn)
    }

    private mutating func endByExit(_ step: Int, _ turn: inout Effects) {
        guard let flight = flights[step] else { return }
        let outcome = outcome(of: step, flight)
        let request = flight.isChecking ? [] : request(for: step, after: outcome)
        guard !request.isEmpty else {
            conclude(step, outcome, orCheck: !flight.isChecking, &turn)
            return
        }
        states.move(step, to: .verifying)
        flights[step]?.deadline = nil
        flights[step]?.idleAt = nil
        turn.act(.verify(step: step, request))
    }

    /// What has to be looked at to know what an exit means.
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
        _ step: Int, _ verification: Verification, _ turn: inout Effects
    ) {
        guard states[step] == .verifying, let flight = flights[step], !flight.isChecking else {
            return
        }
        var outcome = outcome(of: step, flight)
        if outcome.status == .complete, !verification.missing.isEmpty {
            outcome.status = .failed
            outcome.reason = .outputsMissing(verification.missing)
        } else if outcome.status == .complete, !verification.hasSucceeded {
            outcome.status = .failed
            outcome.reason = .successPatternMissing(
                plan.resolved.workflow.steps[step].gating.successPattern ?? "")
        }
        if outcome.status == .complete, !verification.empty.isEmpty {
            turn.record(.outputsEmpty(step: step, verification.empty))
        }
        flights[step]?.saysBusy = verification.isBusy
        conclude(step, outcome, orCheck: true, &turn)
    }

    /// An attempt is over, unless its success is to be checked first.
    private mutating func conclude(
        _ step: Int, _ outcome: StepEnd, orCheck mayCheck: Bool, _ turn: inout Effects
    ) {
        if mayCheck, outcome.status == .complete, abortReason(of: step) == nil,
            plan.traits[step].contains(.hasCheck)
        {
            launchCheck(step, &turn)
        } else {
            conclude(step, outcome, &turn)
        }
    }

    /// What a step's exit means, but for a stop of the run.
    func outcome(of step: Int, _ flight: ActiveStep) -> StepEnd {
        var end = StepEnd(status: .failed, exit: flight.exit, usage: flight.usage)
        if let cause = flight.cause {
            end.reason = cause
            return end
        }
        if let exit = flight.checkExit, !exit.isSuccess {
            end.reason = .verifyFailed(exit)
            return end
        }
        switch flight.exit {
        case .signalled(let signal, let coreDumped):
            end.reason = .signalled(signal, coreDumped: coreDumped)
        case .exited(let code) where code != 0:
            end.reason = .exited(code)
        default:
            if !flight.leftovers.isEmpty, plan.traits[step].contains(.failsOnLeftovers) {
                end.reason = .leftProcesses(flight.leftovers.count)
            } else {
                end.status = .complete
            }
        }
        return end
    }
}
