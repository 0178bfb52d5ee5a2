import DependencyGraph
import Foundation
import Testing
import TestSupport
import WorkflowModel

@testable import Execution
@testable import Processes
@testable import Supervisor

/// Time: one clock, that never jumps, and that stands still while the machine sleeps.
@Suite("A run has one clock")
struct ClockFaultTests {
    private func plan(_ change: (inout Workflow) -> Void) throws -> RunPlan {
        var workflow = Workflow(name: "clock")
        workflow.tasks = [WorkflowTask(id: "")]
        var step = Step(id: StepID("a"))
        step.command = .arguments(["true"])
        workflow.steps = [step]
        change(&workflow)
        let graph = try Graph(validating: workflow.steps.map { ($0.id, [StepID]()) })
        return try RunPlan.make(
            resolved: ResolvedWorkflow(
                workflow: workflow, graph: graph, inferredEdges: [], conflicts: []),
            options: RunOptions())
    }

    private func text(ofModule module: String) throws -> String {
        let sources = Repository.root
            .appendingPathComponent("Sources/\(module)")
        let files = try #require(FileManager.default.enumerator(atPath: sources.path))
        var text = ""
        for case let file as String in files where file.hasSuffix(".swift") {
            text += try String(contentsOf: sources.appendingPathComponent(file), encoding: .utf8)
        }
        return text
    }

    @Test(
        "fault 40: what decides and what draws knows no clock; times come from the shell alone",
        arguments: ["DependencyGraph", "WorkflowModel", "WorkflowFiles", "Execution", "Reporting"])
    func noClock(module: String) throws {
        let text = try text(ofModule: module)
        #expect(!text.isEmpty)
        for clock in [
            "clock_gettime", "gettimeofday", "CLOCK_", "Date()", "DispatchTime.now",
            "ContinuousClock", "SuspendingClock", "time(nil)",
        ] { #expect(!text.contains(clock), "\(module) reads \(clock)") }
    }

    @Test(
        "fault 40: the wall clock is read once a run; what is shown is that and the monotonic time")
    func wallClockOnce() throws {
        // The wall clock jumps a day, either way, while a step runs: nobody reads it again.
        let clock = RunClock()
        var record = RunRecord(
            header: try plan { _ in }.header(
                runID: "r", startedAt: clock.startedAt, pid: 1, bootID: "b"))
        let begin = clock.now()
        record.apply(
            RunEvent(.launched(step: 0, attempt: 1, method: .primary, execution: 1), at: begin))
        let end = clock.now()
        record.apply(
            RunEvent(.ended(step: 0, StepEnd(status: .complete, exit: .exited(0))), at: end))
        #expect(end >= begin && begin >= .zero)
        #expect(record.steps[0].duration == end - begin)
        let shell = try [
            "Platform", "Processes", "FileState", "StateStore", "OutputCache", "Supervisor",
        ]
        .map { try text(ofModule: $0) }.joined().components(separatedBy: "CLOCK_REALTIME")
        #expect(shell.count == 2, "the wall clock is read in one place")
        // A journal whose times run backwards has no negative length either.
        record.apply(
            RunEvent(.launched(step: 0, attempt: 2, method: .primary, execution: 1), at: end))
        record.apply(
            RunEvent(.ended(step: 0, StepEnd(status: .complete)), at: RunTime(nanoseconds: -5)))
        #expect(record.steps[0].duration == 0 && record.wallTime() >= 0)
    }

    @Test("fault 41: the clock is the one that stands still in the machine's sleep")
    func monotonic() throws {
        var before = timespec()
        clock_gettime(CLOCK_MONOTONIC, &before)
        let now = RunClock.monotonicNanoseconds()
        var after = timespec()
        clock_gettime(CLOCK_MONOTONIC, &after)
        func nanoseconds(_ time: timespec) -> Int64 {
            Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        }
        #expect(nanoseconds(before) <= now && now <= nanoseconds(after))
    }

    @Test("fault 41: after an hour in which the clock stood still no limit has come")
    func sleep() throws {
        let plan = try plan {
            $0.steps[0].timeout = .seconds(60)
            $0.steps[0].idleTimeout = .seconds(60)
            $0.execution.runTimeout = .seconds(60)
        }
        var scheduler = Scheduler(plan: plan)
        var actions: [SchedulerAction] = []
        scheduler.handle(.begin, at: .zero, into: &actions)
        scheduler.handle(.started(step: 0, pid: 1, startTicks: 1), at: .zero, into: &actions)
        actions = []
        // The hour is in no time that the scheduler is told: it wakes a second after it fell asleep.
        scheduler.handle(.tick, at: RunTime(milliseconds: 1000), into: &actions)
        #expect(actions == [])
        #expect(scheduler.nextDeadline == RunTime(milliseconds: 60_000))
    }

    @Test(
        "fault 42: a limit and an exit at the same moment have one outcome, whichever is told first",
        arguments: [false, true], ["attempt", "idle", "run"])
    func sameMoment(limitFirst: Bool, kind: String) throws {
        let plan = try plan {
            let limit = Milliseconds(100)
            if kind == "attempt" { $0.steps[0].timeout = limit }
            if kind == "idle" { $0.steps[0].idleTimeout = limit }
            if kind == "run" { $0.execution.runTimeout = limit }
        }
        var scheduler = Scheduler(plan: plan)
        var actions: [SchedulerAction] = []
        scheduler.handle(.begin, at: .zero, into: &actions)
        scheduler.handle(.started(step: 0, pid: 1, startTicks: 1), at: .zero, into: &actions)
        let moment = RunTime(milliseconds: 100)
        if limitFirst {
            scheduler.handle(.tick, at: moment, into: &actions)
            scheduler.handle(.output(step: 0, at: .zero), at: moment, into: &actions)
        }
        let exit = SchedulerInput.leaderExited(
            step: 0, exit: .exited(0), usage: nil, leftovers: [])
        scheduler.handle(exit, at: moment, into: &actions)
        scheduler.handle(.output(step: 0, at: .zero), at: moment, into: &actions)
        scheduler.handle(exit, at: moment, into: &actions)
        scheduler.handle(.tick, at: RunTime(milliseconds: 100_000), into: &actions)
        let ends = actions.compactMap { action in
            if case .record(.ended(_, let end)) = action { end } else { nil }
        }
        #expect(ends.count == 1 && scheduler.isFinished)
        #expect((ends.first?.status == .complete) == !limitFirst)
        #expect(actions.count { if case .finish = $0 { true } else { false } } == 1)
    }
}
