import WorkflowModel

@testable import Execution

/// Steps that need not run: who is looked at, when, and what comes of it.
extension RunCheck {
    /// What is true of a run that skips what is up to date.
    struct FreshnessTruth {
        /// Steps that are being looked at.
        var examining: UInt64 = 0
        /// Steps that were ever looked at, and with what answer.
        var asked: UInt64 = 0
        var found: [Int: Examination] = [:]
        /// Why steps run, on record.
        var causes: [Int: [RunReason]] = [:]
    }

    func isExamining(_ step: Int) -> Bool { freshness.examining & bit(step) != 0 }

    /// Whether the plan itself lets a step run, or have it looked at.
    private func isMeant(_ step: Int) -> Bool {
        plan.selected[step] && plan.doneEarlier[step] == nil
    }

    /// A step is to be looked at: it holds all that it would be launched with.
    mutating func examines(_ step: Int, at now: RunTime) {
        expect(plan.smart?.isExamined(step) == true, step, "looked at though the plan knows")
        expect(freshness.asked & bit(step) == 0, step, "looked at twice")
        expect(isMeant(step) && plan.policy.decisions[step] == nil, step, "not to be looked at")
        expect(courses[step].attempts == 0, step, "looked at after its launch")
        freshness.asked |= bit(step)
        freshness.examining |= bit(step)
        mayBegin(step, "looked at", at: now)
        // It holds its slot: nobody else may take it, or write what is being compared.
        active |= bit(step)
        passesBrakes(step, at: now)
    }

    mutating func examined(_ step: Int, _ checkBeforeStart: Examination) {
        freshness.examining &= ~bit(step)
        freshness.found[step] = checkBeforeStart
        active &= ~bit(step)
        endProbes(of: step)
    }

    mutating func dueOnRecord(_ step: Int, _ causes: [RunReason]) {
        expect(plan.smart != nil, step, "due in a run that skips nothing")
        expect(courses[step].attempts == 0, step, "due after its launch")
        expect(freshness.causes[step] == nil, step, "due twice")
        expect(!causes.isEmpty, step, "due for nothing")
        expect(causes == causesToTell(step), step, "due for \(causes.text)")
        freshness.causes[step] = causes
    }

    /// Why a step runs: as the look at it found, or else as the plan says.
    private func causesToTell(_ step: Int) -> [RunReason] {
        if case .due(let found) = freshness.found[step], !found.isEmpty { return found }
        return plan.smart?.due[step] ?? []
    }

    /// The first launch of a step is on record.
    mutating func launchesUnskipped(_ step: Int) {
        guard let smart = plan.smart, courses[step].attempts == 0 else { return }
        expect(!plan.isUpToDate(step), step, "launched though it is up to date")
        if smart.isExamined(step), plan.policy.decisions[step] == nil {
            guard case .due = freshness.found[step] else {
                expect(false, step, "launched without a look")
                return
            }
        }
        expect(freshness.causes[step] ?? [] == causesToTell(step), step, "does not say why it runs")
    }

    /// A step is skipped for being up to date; its dependents run as after a success.
    mutating func skippedAsUpToDate(_ step: Int, _ reason: StepReason) {
        if let found = freshness.found[step] {
            guard case .upToDate(let run) = found else {
                expect(false, step, "up to date after \(found)")
                return
            }
            expect(reason == .upToDate(run: run), step, "\(reason) after \(found)")
        } else {
            expect(plan.isUpToDate(step), step, "skipped though it has to run")
            let run = plan.smart?.upToDate[step] ?? ""
            if case .since(let revision) = plan.smart?.choice {
                expect(reason == .unchanged(since: revision), step, "\(reason)")
            } else {
                expect(reason == .upToDate(run: run), step, "\(reason)")
            }
        }
        endedWell |= bit(step)
    }

    /// What a step would have produced was put in place.
    mutating func endedAsRestored(_ step: Int, _ end: StepEnd) {
        expect(end.exit == nil && !end.isAllowed, step, "\(end) without a process")
        expect(courses[step].attempts == 0, step, "restored after its launch")
        let found = freshness.found[step]
        guard case .restored(let run, _) = found else {
            expect(false, step, "restored after \(String(describing: found))")
            return
        }
        expect(end.reason == .restored(run: run), step, "\(end)")
        final |= bit(step)
        endedWell |= bit(step)
    }
}
