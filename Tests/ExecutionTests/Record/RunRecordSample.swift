import Execution

/// Runs to fold, write and read: one with every kind of event, and random ones.
enum RunRecordSample {
    static let hostile = "q\"\\\n\r\t\0\u{1}\u{7F}\u{85}\u{2028}\u{2029}é日🚀\u{202E}</script>"

    static func header(steps: [StepHeader]) -> RunHeader {
        RunHeader(
            runID: "run-1", workflow: "analysis", mode: .parallel, maxParallelSteps: 3,
            startedAt: WallTime(microseconds: 1_762_095_605_000_123), pid: 4711, bootID: "b-1",
            tasks: [TaskHeader(id: "", description: "")], steps: steps)
    }

    static var header: RunHeader {
        var header = header(steps: [
            StepHeader(
                id: "api_docs", description: hostile, parallelGroup: "research",
                outputs: ["docs/api.md", hostile]),
            StepHeader(id: "graph", parallelGroup: "research"),
            StepHeader(id: "report", phase: 2, dependencies: [0, 1], runsAlone: true),
        ])
        header.steps[0].maxAttempts = 4
        header.steps[2].isFinalizer = true
        return header
    }

    static let basis = StepBasis(command: 0, settings: .max, inputs: 0x0123_4567_89AB_CDEF)

    static let reasons: [StepReason] = [
        .exited(7), .signalled(9, coreDumped: false), .signalled(11, coreDumped: true),
        .notStarted(hostile), .timedOut(.attempt, limitMilliseconds: 300_000),
        .timedOut(.idle, limitMilliseconds: 0), .timedOut(.phase, limitMilliseconds: .max),
        .timedOut(.run, limitMilliseconds: 1), .leftProcesses(2), .dependencyFailed(1),
        .dependencyFailed(99), .halted(by: 0), .interrupted(15), .notSelected, .other(hostile),
        .wantedTerminal(21), .unkillable([]), .unkillable([1, .max]), .outputsMissing([]),
        .outputsMissing(["a/*.md", hostile]), .doneEarlier(run: hostile, basis: nil),
        .doneEarlier(run: "r", basis: basis),
        .failuresInARow(3), .awaitsReview(of: 1), .awaitsReview(of: 99), .decided(.skip),
        .decided(.proceed), .conditionFalse(hostile, values: hostile),
        .conditionError(hostile, message: ""), .successPatternMissing(hostile),
        .verifyFailed(.exited(3)), .verifyFailed(.signalled(6, coreDumped: true)),
        .breakerOpen(resource: hostile), .upToDate(run: hostile), .unchanged(since: hostile),
        .restored(run: "r"), .faulted(hostile),
    ]

    private static let policyKinds: [RunEvent.Kind] =
        [
            .checkStarted(step: 1, pid: 7, startTicks: .max), .outputsEmpty(step: 0, []),
            .logPart(
                step: 0, LogPart(execution: 7, isCheck: false, previousEnd: 0, start: .max)),
            .logPart(step: 99, LogPart(execution: 8, isCheck: true, previousEnd: 5, start: 60)),
            .outputsEmpty(step: 0, ["a", hostile]),
            .attemptFailed(
                step: 0,
                AttemptFailure(
                    reason: .exited(75), exit: .exited(75),
                    usage: ResourceUsage(
                        userMicroseconds: 1, systemMicroseconds: 2, peakMemoryKiB: nil),
                    isBusy: true)),
            .attemptFailed(step: 99, AttemptFailure(reason: .other(hostile))),
            .attemptFailed(step: 1, AttemptFailure(reason: .exited(1), error: hostile)),
            .ended(step: 1, StepEnd(status: .failed, reason: .exited(1), error: hostile)),
            .faulted(RunFault(reason: hostile, error: hostile)),
            .retryScheduled(step: 0, attempt: 2, method: .primary, delayMilliseconds: 0),
            .retryScheduled(step: 0, attempt: 3, method: .backup(2), delayMilliseconds: .max),
            .reviewWanted(step: 0), .thresholdReached(step: 1, failures: 3),
            .throttled(step: 0, resource: nil, limit: 1, delayMilliseconds: 5),
            .throttled(step: 0, resource: hostile, limit: 4, delayMilliseconds: .max),
            .throttleEased(resource: nil, limit: 2), .throttleEased(resource: "api", limit: 2),
            .finalizing,
        ] + [.retry, .useBackup, .skip, .proceed, .halt].map { .decided(step: 1, $0) }
        + ReviewMode.allCases.map { .modeChanged($0) }
        + BreakerPhase.allCases.flatMap {
            [
                .breakerChanged(resource: "db", $0, step: 1),
                .breakerChanged(resource: hostile, $0, step: nil),
            ]
        }

    /// Every kind of event, with every optional part there and not there.
    static var everyKind: [RunEvent.Kind] {
        let usage = ResourceUsage(
            userMicroseconds: 1_234_567, systemMicroseconds: 0, peakMemoryKiB: 98_765)
        var kinds: [RunEvent.Kind] = [
            .runStarted(header),
            .launched(step: 0, attempt: 1, method: .primary, execution: 1),
            .launched(step: 2, attempt: 3, method: .backup(2), execution: 1234),
            .started(step: 0, pid: 4712, startTicks: .max),
            .started(step: 1, pid: 1, startTicks: 0, basis: basis),
            .waiting(step: 1, holder: LockHolder(resource: hostile)),
            .waiting(
                step: 1,
                holder: LockHolder(resource: "db", pid: 1, runID: "r", step: "s", since: "t")),
            .waiting(
                step: 1, holder: LockHolder(resource: hostile, step: "s", why: .sharedOutput)),
            .waiting(step: 1, holder: LockHolder(resource: "", step: "s", why: .waiterRunsAlone)),
            .waiting(step: 1, holder: LockHolder(resource: "", step: "s", why: .holderRunsAlone)),
            .killed(step: 0),
            .leftovers(step: 0, []),
            .leftovers(
                step: 0,
                [
                    Leftover(pid: 9, command: hostile, ageMilliseconds: 12),
                    Leftover(pid: 10, command: "", ageMilliseconds: -1),
                ]),
            .ended(step: 0, StepEnd(status: .complete, exit: .exited(0), usage: usage)),
            .ended(
                step: 1,
                StepEnd(
                    status: .failed, reason: .signalled(6, coreDumped: true),
                    exit: .signalled(6, coreDumped: true), isAllowed: true)),
            .ended(step: 2, StepEnd(status: .cached)),
            .halting(step: 1), .stopping(signal: 2), .warning(step: nil, hostile),
            .warning(step: 1, ""), .inputsChanged(step: 1, .moved([.init("a", change: "new")])),
            .inputsChanged(step: 99, .moved([])),
            .due(step: 1, [RunReason(.outputMissing, [.init(hostile)]), RunReason(.forced)]),
            .killed(step: 99), .suspended, .resumed(after: 0), .resumed(after: .max),
            .barrierPassed(task: 0, phase: 1), .barrierPassed(task: -1, phase: .max),
        ]
        kinds += TimeoutKind.allCases.map { .limitReached($0, limitMilliseconds: .max) }
        kinds += [
            .limitReached(
                .phase, limitMilliseconds: 1500, phase: Barrier(task: 1, phase: 2)),
            .groupHalting(step: 2), .skipped(step: 1, .groupHalted(hostile, by: 0)),
        ]
        for reason in reasons {
            kinds.append(.skipped(step: 1, reason))
            kinds.append(.terminating(step: 0, signal: 15, reason: reason))
            kinds.append(.ended(step: 1, StepEnd(status: .aborted, reason: reason)))
        }
        kinds += RunStatus.allCases.map { .runEnded($0) }
        kinds += policyKinds
        return kinds
    }

    /// One event of any kind, for steps that may not exist, whatever came before.
    static func event(
        using random: inout some RandomNumberGenerator, at time: RunTime
    ) -> RunEvent {
        let kinds = everyKind
        var kind = kinds[Int.random(in: 0..<kinds.count, using: &random)]
        let step = Int.random(in: -1...5, using: &random)
        switch kind {
        case .launched(_, let attempt, let method, let execution):
            kind = .launched(step: step, attempt: attempt, method: method, execution: execution)
        case .started(_, let pid, let ticks, let basis):
            kind = .started(step: step, pid: pid, startTicks: ticks, basis: basis)
        case .ended(_, var end):
            end.status = StepStatus.allCases.randomElement(using: &random) ?? .complete
            kind = .ended(step: step, end)
        case .skipped(_, let reason):
            kind = .skipped(step: step, reason)
        case .attemptFailed(_, let failure):
            kind = .attemptFailed(step: step, failure)
        case .runEnded where Int.random(in: 0..<8, using: &random) > 0:
            kind = .launched(step: step, attempt: 1, method: .primary, execution: 1)
        default:
            break
        }
        return RunEvent(kind, at: time)
    }

    /// The journal of events, as bytes.
    static func journal(_ header: RunHeader, _ events: [RunEvent]) -> [UInt8] {
        var encoder = JournalEncoder(header: header)
        var bytes: [UInt8] = []
        for event in events { encoder.append(event, to: &bytes) }
        return bytes
    }
}
