import Execution

/// Runs with known times, for views to show.
enum SampleRun {
    /// 2025-11-02T15:00:05Z.
    static let start = WallTime(microseconds: 1_762_095_605_000_000)

    /// Three researchers at once, then a report, then its validation.
    static let steps = [
        StepHeader(id: "api_docs", phase: 1, parallelGroup: "research"),
        StepHeader(id: "graph", phase: 1, parallelGroup: "research"),
        StepHeader(id: "coverage", phase: 1, parallelGroup: "research"),
        StepHeader(id: "report", phase: 2, dependencies: [0, 1, 2]),
        StepHeader(id: "validate", phase: 3, dependencies: [3]),
    ]

    static func header(
        _ steps: [StepHeader] = steps, mode: ExecutionMode = .parallel, limit: Int = 3
    ) -> RunHeader {
        RunHeader(
            runID: "run-1", workflow: "analysis", mode: mode, maxParallelSteps: limit,
            startedAt: start, pid: 4711, bootID: "boot",
            tasks: [TaskHeader(id: "", description: "")], steps: steps)
    }

    static func second(_ seconds: Double) -> RunTime {
        RunTime(nanoseconds: Int64(seconds * 1000) * 1_000_000)
    }

    /// A record of events at seconds.
    static func record(
        _ header: RunHeader = header(), _ events: [(Double, RunEvent.Kind)]
    ) -> RunRecord {
        var record = RunRecord(header: header)
        record.apply(RunEvent(.runStarted(header), at: .zero))
        for (time, kind) in events { record.apply(RunEvent(kind, at: second(time))) }
        return record
    }

    static func launch(_ step: Int, at time: Double, attempt: Int = 1) -> [(Double, RunEvent.Kind)]
    {
        [
            (time, .launched(step: step, attempt: attempt, method: .primary, execution: step + 1)),
            (time, .started(step: step, pid: Int32(100 + step), startTicks: 1)),
        ]
    }

    static func complete(_ step: Int, at time: Double) -> (Double, RunEvent.Kind) {
        (time, .ended(step: step, StepEnd(status: .complete, exit: .exited(0))))
    }

    static func fail(_ step: Int, at time: Double, _ code: Int32) -> (Double, RunEvent.Kind) {
        let end = StepEnd(status: .failed, reason: .exited(code), exit: .exited(code))
        return (time, .ended(step: step, end))
    }

    /// The whole run, 130 s instead of 205 s.
    static var whole: RunRecord {
        var events = launch(0, at: 0) + launch(1, at: 0) + launch(2, at: 0)
        events += [complete(2, at: 30), complete(1, at: 45), complete(0, at: 60)]
        events += launch(3, at: 60) + [complete(3, at: 110)]
        events += launch(4, at: 110) + [complete(4, at: 130), (130, .runEnded(.complete))]
        return record(events: events)
    }

    static func record(events: [(Double, RunEvent.Kind)]) -> RunRecord { record(header(), events) }

    /// `graph` fails at 2 s, a critical failure that stops `api_docs`.
    static var broken: RunRecord {
        var events = launch(0, at: 0) + launch(1, at: 0) + launch(2, at: 0)
        events += [complete(2, at: 1), fail(1, at: 2, 7)]
        events += [
            (2, .terminating(step: 0, signal: 15, reason: .halted(by: 1))),
            (
                3,
                .ended(
                    step: 0,
                    StepEnd(
                        status: .aborted, reason: .halted(by: 1),
                        exit: .signalled(15, coreDumped: false)))
            ),
            (3, .skipped(step: 3, .dependencyFailed(1))),
            (3, .skipped(step: 4, .dependencyFailed(3))),
            (3, .runEnded(.failed)),
        ]
        return record(events: events)
    }

    /// Surroundings without a terminal, whose logs hold the same bytes for every step.
    static func surroundings(log: [UInt8] = []) -> ViewSurroundings {
        ViewSurroundings(
            terminalSize: nil, logTail: { _, limit in [UInt8](log.suffix(limit)) },
            logBytes: { _, _, _ in [] }, logPath: { ".stepvisor/runs/run-1/logs/\($0).log" })
    }
}
