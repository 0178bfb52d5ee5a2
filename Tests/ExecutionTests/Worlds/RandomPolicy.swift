import TestSupport
import WorkflowModel

@testable import Execution

/// What a random workflow says about failures: all of it now and then, little of it mostly.
struct RandomPolicy {
    /// Adds retries, checks, conditions, finalizers and the rest to a workflow of these edges.
    static func decorate(
        _ workflow: inout Workflow, edges: [(dependency: Int, dependent: Int)],
        _ random: inout SeededGenerator
    ) {
        let execution = workflow.execution
        workflow.execution = settings(execution, &random)
        if random.chance(30) {
            workflow.resources[1].breaker = breaker(&random)
        }
        let recovers = random.chance(60)
        let checks = random.chance(40)
        let asks = random.chance(30)
        for number in workflow.steps.indices {
            if recovers { recover(&workflow.steps[number].recovery, &random) }
            if checks, random.chance(30) { workflow.steps[number].gating.verify = "check" }
            if checks, random.chance(30) { workflow.steps[number].gating.successPattern = "done" }
            if asks, random.chance(40) { workflow.steps[number].gating.condition = "x" }
        }
        guard random.chance(50) else { return }
        // Nothing but finalizers may depend on one.
        var isFinalizer = [Bool](repeating: false, count: workflow.steps.count)
        for _ in 0..<workflow.steps.count {
            let number = random.below(workflow.steps.count)
            guard edges.allSatisfy({ $0.dependency != number || isFinalizer[$0.dependent] }),
                random.chance(40)
            else { continue }
            isFinalizer[number] = true
            workflow.steps[number].gating.always = true
        }
    }

    private static func settings(
        _ before: ExecutionSettings, _ random: inout SeededGenerator
    ) -> ExecutionSettings {
        var execution = before
        execution.errorPropagation =
            [nil, .haltOnCritical, .continueAndLog, .collaborativeReview, .collaborativeReview][
                random.below(5)]
        execution.defaultMode =
            [nil, nil, "silent", "dynamic", "collaborative"][random.below(5)]
        if random.chance(30) { execution.failureThreshold = 1 + random.below(4) }
        if random.chance(40) { execution.retry.budget = random.below(5) }
        execution.retry.delay = Milliseconds(Int64(random.below(12) * 10))
        if random.chance(30) { execution.retry.maxDelay = Milliseconds(Int64(50)) }
        if random.chance(35) {
            var throttle = ThrottleSettings()
            throttle.exitCodes = random.chance(80) ? [75] : []
            throttle.pattern = random.chance(40) ? "busy" : nil
            throttle.delay = Milliseconds(Int64(random.below(8) * 10))
            throttle.recoverAfter = Milliseconds(Int64(random.below(20) * 10))
            execution.throttle = throttle
        }
        if random.chance(35) { execution.breaker = breaker(&random) }
        return execution
    }

    private static func breaker(_ random: inout SeededGenerator) -> BreakerSettings {
        var breaker = BreakerSettings()
        breaker.failures = 1 + random.below(3)
        breaker.coolDown = Milliseconds(Int64(random.below(random.chance(30) ? 3 : 15) * 10))
        breaker.whenOpen = random.chance(50) ? .wait : .fail
        return breaker
    }

    private static func recover(_ recovery: inout Step.Recovery, _ random: inout SeededGenerator) {
        if random.chance(50) { recovery.retries = random.below(4) }
        if random.chance(30) {
            recovery.retryOn = [.exitCode(Int32(1 + random.below(255))), .signal(11), .timeout]
        }
        guard random.chance(40) else { return }
        recovery.backups = (0...random.below(3)).map { _ in
            BackupMethod(command: random.chance(70) ? .arguments(["x"]) : nil)
        }
    }

    /// What the command line says: whether somebody can be asked, and what was decided before.
    static func decorate(
        _ options: inout RunOptions, of workflow: Workflow, _ random: inout SeededGenerator
    ) {
        options.canAsk = random.chance(60)
        options.seed = random.next()
        if random.chance(20) { options.runner = .arguments(["runner"]) }
        guard random.chance(20) else { return }
        for step in workflow.steps where random.chance(25) {
            let words: [ReviewDecision] = [.retry, .skip, .skip, .proceed, .proceed, .halt]
            options.decisions.append(StepDecision(step.id, words[random.below(words.count)]))
        }
    }
}
