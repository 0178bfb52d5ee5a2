import Execution
public import Platform
import Processes
public import StateStore
import SystemCalls
import WorkflowModel

// Map of this target. The class below only passes on: each of its parts owns one subject and its state.
//
// Loop/       Supervisor      dispatch: actions of the scheduler to the parts, news of the loop to the scheduler
//             EventLoop       one poll over all descriptors, and the signals that it brings
//             SchedulerQueue  the scheduler and the inputs that wait for it
//             RunRecorder     facts: journal first, then writer thread; the problem that stops a run
//             BackgroundJobs  JobTable: work that another thread does while a step waits for it
//             AnswerPrompt    the question to a person on the terminal
// Steps/      StepAttempts    from a launch order to a process with a log; checks of an ended attempt
//             RunningSteps    leaders from their start until their number is given back
//             StepOutput      pipes and logs
//             StepConditions  conditions of steps
// Leftovers/  StepLeftovers   what steps leave in their groups and outside; Guardian, Recovery
// UpToDate/   UpToDateTracker what steps are started from and leave (InputChecks, RunCache)
// Locks/      StepLocks       named resources as file locks
// Writer/     RunWriter       the thread that shows and writes progress.json

/// The shell around the ``Scheduler``, which does what the scheduler says and decides nothing.
///
/// One loop on one thread: perform the scheduler's actions, some of which are answered at once;
/// otherwise wait for an exit, output of a step, a signal, an answer of another thread or a deadline;
/// tell the scheduler; again. Everything here and in its parts is used on that thread only.
public final class Supervisor {
    private let recorder: RunRecorder
    private let queue: SchedulerQueue
    private let loop: EventLoop
    private let steps: RunningSteps
    private let output: StepOutput
    private let attempts: StepAttempts
    private let upToDate: UpToDateTracker
    private let conditions: StepConditions
    private let locks: StepLocks
    private let jobs: JobTable
    private let prompt: AnswerPrompt
    private let guardian: Guardian

    /// Makes the run's directory and everything that can fail before a step starts.
    public init(_ context: RunContext) throws(SystemError) {
        let clock = RunClock()
        let groups = GroupWatch()
        try ProcessView.check()
        try DescriptorBudget.check()
        let checker = context.freshness ?? context.ownFreshness
        try checker.checkPlace()
        let directory = try context.state.makeRun()
        let header = context.header(runID: directory.id, startedAt: clock.startedAt)
        let stepList = StepList(header.steps)
        let newFiles = try directory.keep(
            stepList, sharedWith: context.state.latestRun(), of: context.state)
        let journal = try JournalFile(in: directory, header: header, stepList: stepList)
        loop = EventLoop(signals: try SignalSource())
        let launcher = try ProcessLauncher()
        let lockFiles = ResourceLocks(
            root: context.state.root, environment: context.environment, runID: directory.id,
            alive: "\(directory.path)/\(AliveFile.name)")
        let preparation = StepPreparation(
            plan: context.plan, root: context.state.root, runID: directory.id,
            runPath: directory.path, inherited: context.environment)
        queue = SchedulerQueue(plan: context.plan)
        try CarriedOutputs.copy(into: directory, of: context.plan, in: context.state)
        let logs = AttemptLogs(context, header: header, in: directory, clock: clock)
        recorder = try RunRecorder(
            context, attempts: logs, queue: queue, journal: journal, newFiles: newFiles)
        output = StepOutput(plan: context.plan, recorder: recorder, loop: loop)
        jobs = JobTable(loop: loop)
        guardian = Guardian(context, recorder: recorder, loop: loop, launcher: launcher)
        steps = RunningSteps(
            leftovers: StepLeftovers(plan: context.plan, groups: groups, recorder: recorder),
            guardian: guardian, recorder: recorder, loop: loop, launcher: launcher)
        attempts = StepAttempts(
            preparation, logs: logs, steps: steps, output: output, recorder: recorder,
            queue: queue)
        prompt = AnswerPrompt(recorder: recorder, loop: loop)
        locks = StepLocks(context, locks: lockFiles, recorder: recorder, queue: queue)
        conditions = StepConditions(context, recorder: recorder, loop: loop)
        upToDate = UpToDateTracker(
            checker, context,
            inputs: InputChecks(context, recorder: recorder, queue: queue, loop: loop),
            cache: RunCache(context, logs: logs, recorder: recorder, loop: loop),
            recorder: recorder, queue: queue, loop: loop)
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
        recorder.recordConcerns()
        guardian.schedule()
        tell(.begin)
        while queue.finalStatus == nil { waitForSomething() }
        steps.handBackRetired()
        guardian.dismiss()
        steps.drain()
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
    private func tell(_ input: SchedulerInput) {
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
    /// Only for an answer whose actions do not undo the launch.
    private func answer(_ input: SchedulerInput) {
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
                upToDate.finish(goOn)
                conditions.save()
                // The last output of a step may have found the disk full.
                if recorder.problem != nil { kind = .runEnded(.aborted) }
            }
            recorder.record(kind)
            for part in kind.parts {
                conditions.note(part)
                goOn(upToDate.note(part))
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
        case .evaluateCondition(let step): settle(conditions.evaluate(step))
        case .examine(let step): check(step)
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
        var deadline = queue.nextDeadline.map { $0 - recorder.clock.now() }
        if let patience = steps.patience { deadline = min(deadline ?? .max, patience) }
        if let due = guardian.due { deadline = min(deadline ?? .max, due - recorder.clock.now()) }
        if let patience = prompt.watch() { deadline = min(deadline ?? .max, patience) }
        if let patience = output.patience(at: recorder.clock.now()) {
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
            case .inputs: upToDate.takeInputAnswers(goOn)
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
        if queue.isStopping { upToDate.cancel() }
        if queue.stopsRunning { jobs.cancel().forEach(queue.add) }
        if let due = queue.nextDeadline, due <= recorder.clock.now() { tell(.tick) }
        recorder.checkWriter()
        if !queue.isEmpty { tell(.tick) }
    }

    /// Takes the answer of a background job.
    private func take(_ answer: BackgroundJobs.Answer) {
        if let warning = answer.warning { recorder.warn(warning, about: answer.step) }
        conditions.keep(answer.looks, of: answer.step)
        if let verdict = answer.verdict {
            settle(upToDate.conclude(answer.step, verdict))
        } else {
            queue.add(answer.input)
        }
    }

    /// Takes an answer that is known, or has it found by a background job; without a thread for that,
    /// it is found at once.
    private func settle(_ answer: StepAnswer) {
        switch answer {
        case .input(let input): queue.add(input)
        case .found(let answer): take(answer)
        case .work(let job):
            if let answer = jobs.send(job) { take(answer) }
        }
    }

    /// Starts a step once it is known what it is started from: now, or when its files are checked.
    private func launch(_ order: LaunchOrder) {
        guard !upToDate.awaitsProducts(of: order) else { return }
        attempts.prepare(order)
        if let basis = upToDate.basis(for: order) { start(order, basis: basis) }
    }

    /// Asks whether a step has to run.
    private func check(_ step: Int) {
        if let answer = upToDate.check(step) { settle(answer) }
    }

    /// Goes on with what has waited for a check of files.
    private func goOn(_ continuations: [UpToDateTracker.Continuation]) {
        for continuation in continuations {
            switch continuation {
            case .start(let order, let basis): start(order, basis: basis)
            case .launch(let order): launch(order)
            case .check(let step): check(step)
            }
        }
    }

    /// Starts a step whose inputs are known, or its check.
    private func start(_ order: LaunchOrder, basis: StepBasis?) {
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
            upToDate.leaderEnded(end.step, well: end.exit == .exited(0))
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

    // MARK: Signals

    /// Takes what has come; is itself stopped for a while when Ctrl-Z was among it.
    ///
    /// - Returns: whether a child may have ended, and what is to stop the run.
    private func takeSignals() -> (sawChild: Bool, stops: [Int32]) {
        var taken = loop.takeSignals()
        if taken.contains(SIGTSTP) {
            suspend()
            // Further ones that came before it was stopped have had their effect.
            taken += loop.takeSignals()
        }
        var stops: [Int32] = []
        for signal in taken where signal != SIGCHLD && signal != SIGTSTP {
            if ProcessSetup.statusSignals.contains(signal) {
                recorder.showStatus()
            } else {
                if signal == SIGQUIT { recorder.showStatus() }
                stops.append(signal)
            }
        }
        return (taken.contains(SIGCHLD), stops)
    }

    /// Stops the steps and this process; returns when somebody has let both go on.
    private func suspend() {
        let began = recorder.clock.now()
        let groups = steps.suspend()
        recorder.record(.suspended)
        recorder.withdraw()
        ProcessSetup.stopByTerminal()
        steps.letGoOn(groups)
        tell(.resumed(after: recorder.clock.now() - began))
        recorder.resume()
    }

    /// Looks at logs and at leaders that were stopped, now and then.
    private func pollLogs() {
        let now = recorder.clock.now()
        guard output.isPollDue(at: now) else { return }
        output.pollLogs()
        for (step, signal) in steps.stoppedForTerminal(at: now) {
            tell(.wantsTerminal(step: step, signal: signal))
        }
    }
}
