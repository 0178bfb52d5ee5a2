import Execution
public import Platform
import Processes
public import StateStore
import SystemCalls
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The shell around the ``Scheduler``, which does what the scheduler says and decides nothing.
///
/// One loop on one thread: perform the scheduler's actions, which may answer at once; otherwise wait for one of
/// an exit, output of a step, a signal, or a deadline; tell it; again.
public final class Supervisor {
    let context: RunContext
    let recorder: RunRecorder
    let queue: SchedulerQueue
    let loop: EventLoop
    let launcher: ProcessLauncher
    let steps: RunningSteps
    let output: StepOutput
    let jobs: JobTable
    let guardian: Guardian
    private let prompt: AnswerPrompt
    let locks: StepLocks
    let attemptLogs: AttemptLogs
    let attempts: StepAttempts
    var inputs: InputState
    var freshness: UpToDateState
    var conditions: ConditionState
    var cache = CacheState()

    var clock: RunClock { recorder.clock }
    var header: RunHeader { recorder.header }
    var directory: RunDirectory { recorder.directory }

    /// Makes the run's directory and everything that can fail before a step starts.
    public init(_ context: RunContext) throws(SystemError) {
        self.context = context
        let clock = RunClock()
        let groups = GroupWatch()
        try ProcessView.check()
        try DescriptorBudget.check()
        let look = context.freshness ?? context.ownFreshness
        try look.checkPlace()
        let directory = try context.state.makeRun()
        let header = context.header(runID: directory.id, startedAt: clock.startedAt)
        let stepList = StepList(header.steps)
        let newFiles = try directory.keep(
            stepList, sharedWith: context.state.latestRun(), of: context.state)
        let journal = try JournalFile(in: directory, header: header, stepList: stepList)
        loop = EventLoop(signals: try SignalSource())
        launcher = try ProcessLauncher()
        let lockFiles = ResourceLocks(
            root: context.state.root, environment: context.environment, runID: directory.id,
            alive: "\(directory.path)/\(AliveFile.name)")
        let preparation = StepPreparation(
            plan: context.plan, root: context.state.root, runID: directory.id,
            runPath: directory.path, inherited: context.environment)
        queue = SchedulerQueue(plan: context.plan)
        inputs = InputState(
            plan: context.plan, root: context.state.root, environment: context.environment)
        freshness = UpToDateState(look, in: context.state)
        conditions = ConditionState(plan: context.plan, root: context.state.root)
        try CarriedOutputs.copy(into: directory, of: context.plan, in: context.state)
        attemptLogs = AttemptLogs(context, header: header, in: directory, clock: clock)
        recorder = try RunRecorder(
            context, attempts: attemptLogs, queue: queue, journal: journal, newFiles: newFiles)
        output = StepOutput(plan: context.plan, recorder: recorder, loop: loop)
        jobs = JobTable(loop: loop)
        guardian = Guardian(context, recorder: recorder, loop: loop, launcher: launcher)
        steps = RunningSteps(
            leftovers: StepLeftovers(plan: context.plan, groups: groups, recorder: recorder),
            guardian: guardian, recorder: recorder, loop: loop, launcher: launcher)
        attempts = StepAttempts(
            preparation, logs: attemptLogs, steps: steps, output: output, recorder: recorder,
            queue: queue)
        prompt = AnswerPrompt(recorder: recorder, loop: loop)
        locks = StepLocks(context, locks: lockFiles, recorder: recorder, queue: queue)
        freshness.look.beginRun(recorder.teller)
    }

    /// Writes the run's name and place into the lock that it holds on its project.
    public func sign(_ lock: ProjectLock) {
        lock.name(run: recorder.directory.id, at: recorder.directory.path)
    }

    /// Runs to the end; the project root becomes this process's working directory, as it is steps'.
    public func run() -> RunResult {
        // Reading a workflow of 10,000 steps leaves as much freed memory as the whole run needs.
        stepvisor_release_memory()
        attempts.enterRoot()
        for warning in context.warnings { recorder.warn(warning) }
        if let concern = ProcessView.concern { recorder.warn(concern) }
        guardian.schedule()
        tell(.begin)
        while queue.finalStatus == nil { waitForSomething() }
        steps.handBackRetired()
        guardian.dismiss()
        launcher.drain()
        // A summary that nobody reads must not make this process deaf to its signals.
        recorder.close {
            guard let signal = loop.signalAtTheEnd() else { return false }
            loop.noteStop(by: signal)
            return true
        }
        return RunResult(
            status: queue.finalStatus ?? .aborted, runID: recorder.directory.id,
            signal: loop.stopSignal, problem: recorder.problem?.descriptionWithAdvice)
    }

    // MARK: Telling and doing

    /// Hands the scheduler an input and those that wait, and does what it says.
    func tell(_ input: SchedulerInput) {
        queue.add(input)
        var actions: [SchedulerAction] = []
        while queue.handleNext(at: recorder.clock.now(), into: &actions) {
            for action in actions { perform(action) }
            actions.removeAll(keepingCapacity: true)
            recorder.writeHeld()
        }
    }

    /// Gives the scheduler an answer at once, so that its time is not that of the next launch.
    ///
    /// Only for answers upon which nothing is taken back.
    func answer(_ input: SchedulerInput) {
        var actions: [SchedulerAction] = []
        queue.handleAtOnce(input, at: recorder.clock.now(), into: &actions)
        for action in actions { perform(action) }
        recorder.writeHeld()
    }

    private func perform(_ action: SchedulerAction) {
        switch action {
        case .record(var kind):
            if case .runEnded = kind {
                steps.endEscaped { output.copyAll() }
                output.finish()
                awaitLooks()
                settleCache()
                writeIngredients()
                saveChanges()
                // The last output of a step may have found the disk full.
                if recorder.problem != nil { kind = .runEnded(.aborted) }
            }
            recorder.record(kind)
            for part in kind.parts {
                conditions.note(part)
                noteFreshness(part)
            }
        case .acquireLocks(let step): locks.acquire(of: step)
        case .releaseLocks(let step): locks.release(step)
        case .launch(let step, let attempt, let method, let execution, let failed):
            launch(
                LaunchOrder(
                    step: step, attempt: attempt, method: method, execution: execution,
                    failed: failed))
        case .launchCheck(let step, let execution):
            start(attempts.checkOrder(of: step, execution: execution), basis: nil)
        case .evaluateCondition(let step): evaluateCondition(of: step)
        case .examine(let step): examine(step)
        case .askReview(let step, let choices): prompt.ask(about: step, choices)
        case .withdrawReview(let step): prompt.withdraw(about: step)
        case .signalGroup(let step, let signal): steps.signal(step, signal)
        case .checkOutput(let step):
            queue.add(.output(step: step, at: output.lastOutput(of: step)))
        case .verify(let step, let request): settle(attempts.verify(step, request))
        case .abandon(let step): abandon(step)
        case .finish(let status): queue.finish(status)
        }
    }

    // MARK: Waiting

    private func waitForSomething() {
        var deadline = queue.nextDeadline.map { $0 - clock.now() }
        if let patience = steps.patience { deadline = min(deadline ?? .max, patience) }
        if let due = guardian.due { deadline = min(deadline ?? .max, due - clock.now()) }
        if let patience = prompt.watch() { deadline = min(deadline ?? .max, patience) }
        if let patience = output.patience(at: clock.now()) {
            deadline = min(deadline ?? .max, patience)
        }
        steps.handBackRetired()
        let ready = loop.wait(nanoseconds: deadline)
        var sawChildSignal = false
        var stops: [Int32] = []
        var exited: [Int] = []
        for source in ready {
            switch source {
            case .signals:
                (sawChildSignal, stops) = takeSignals()
            case .exit(let step): exited.append(step)
            case .output(let pipe): output.copy(from: pipe)
            case .outputAlarm: output.takeAlarm()
            case .guardian: guardian.ended()
            case .inputs: takeLooks()
            case .jobs:
                for answer in jobs.take() { take(answer) }
            case .terminal:
                if let decision = prompt.takeAnswer() { tell(decision) }
            }
        }
        exited += steps.unwatched
        if !exited.isEmpty || sawChildSignal { settleExits(exited) }
        if !steps.settling.isEmpty { settleGroups() }
        guardian.startWhenDue()
        pollLogs()
        // What comes with the last exit stops nothing any more.
        for signal in stops where queue.finalStatus == nil {
            loop.noteStop(by: signal)
            tell(.signal(signal))
        }
        if queue.isStopping { cancelChecks() }
        if queue.stopsRunning { jobs.cancel().forEach(queue.add) }
        if let due = queue.nextDeadline, due <= clock.now() { tell(.tick) }
        recorder.checkWriter()
        if !queue.isEmpty { tell(.tick) }
    }

    /// Takes the answer of a background job.
    func take(_ answer: BackgroundJobs.Answer) {
        if let warning = answer.warning { recorder.warn(warning, about: answer.step) }
        conditions.keep(answer.looks, of: answer.step)
        if let verdict = answer.verdict {
            conclude(answer.step, verdict)
        } else {
            queue.add(answer.input)
        }
    }

    /// Takes an answer that is known, or has it found by a background job; without a thread for that,
    /// it is found at once.
    func settle(_ answer: StepAnswer) {
        switch answer {
        case .known(let answer): take(answer)
        case .work(let job):
            if let answer = jobs.send(job) { take(answer) }
        }
    }

    /// Starts a step whose inputs are known, or its check.
    func start(_ order: LaunchOrder, basis: StepBasis?) {
        guard let child = attempts.start(order) else { return }
        answer(
            .started(
                step: order.step, pid: child.pid, startTicks: child.startTicks, basis: basis))
        guardian.startWhenDue()
    }

    private func settleExits(_ exited: [Int]) {
        let (ends, survey) = steps.ends(among: exited)
        for end in ends {
            let left = steps.take(end, survey)
            if left.isOver { retire(end.step) }
            if end.exit == .exited(0) {
                recheckInputs(at: end.step)
            } else {
                inputs.forget(end.step)
            }
            tell(
                .leaderExited(
                    step: end.step, exit: end.exit, usage: end.usage,
                    leftovers: left.members, escaped: left.escaped.map(ProcessTable.leftover)))
        }
    }

    private func settleGroups() {
        let living = ProcessTable.living()
        for step in steps.settling where steps.hasSettled(step, among: living) {
            retire(step)
            tell(.groupEmptied(step: step))
        }
    }

    /// Completes the log of a step whose processes have all ended, and lets go of them.
    private func retire(_ step: Int) {
        output.settle(step)
        if steps.retire(step) { output.end(step) }
    }

    /// Watches a step no longer whose processes outlive KILL; its locks stay taken.
    private func abandon(_ step: Int) {
        guard steps.abandon(step) else { return }
        output.abandon(step)
        locks.keepNotes(of: step)
    }
}
