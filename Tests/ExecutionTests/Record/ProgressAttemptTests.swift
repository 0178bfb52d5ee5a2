import Execution
import Foundation
import Testing

@Suite("ProgressDocument: attempts, decisions and limits")
struct ProgressAttemptTests {
    private static let start = "2025-11-02T15:00:0"

    /// `api` fails once, is busy once, and succeeds by its first backup; `review` waits for a decision
    /// and is done again; `clean` always runs.
    private static var record: RunRecord {
        var api = StepHeader(id: "api")
        api.maxAttempts = 3
        var clean = StepHeader(id: "clean", phase: 2)
        clean.isFinalizer = true
        let header = RunRecordSample.header(steps: [api, StepHeader(id: "review"), clean])
        var record = RunRecord(header: header)
        for (milliseconds, kind) in kinds {
            record.apply(RunEvent(kind, at: RunTime(milliseconds: milliseconds)))
        }
        return record
    }

    private static func launched(
        _ step: Int, _ attempt: Int, _ method: StepMethod, _ execution: Int
    )
        -> RunEvent.Kind
    {
        .launched(step: step, attempt: attempt, method: method, execution: execution)
    }

    private static func failure(_ code: Int32, isBusy: Bool = false) -> AttemptFailure {
        AttemptFailure(reason: .exited(code), exit: .exited(code), isBusy: isBusy)
    }

    private static let kinds: [(Int64, RunEvent.Kind)] = [
        (0, launched(0, 1, .primary, 1)), (1, .started(step: 0, pid: 7, startTicks: 1)),
        (1000, .attemptFailed(step: 0, failure(1))),
        (1000, .retryScheduled(step: 0, attempt: 2, method: .primary, delayMilliseconds: 500)),
        (1500, launched(0, 2, .primary, 2)), (1501, .started(step: 0, pid: 8, startTicks: 1)),
        (2000, .attemptFailed(step: 0, failure(75, isBusy: true))),
        (2000, .throttled(step: 0, resource: "db", limit: 2, delayMilliseconds: 1000)),
        (2000, .retryScheduled(step: 0, attempt: 3, method: .primary, delayMilliseconds: 1000)),
        (3000, launched(0, 3, .backup(1), 3)), (3001, .started(step: 0, pid: 9, startTicks: 1)),
        (4000, .checkStarted(step: 0, pid: 10, startTicks: 1)),
        (4500, .ended(step: 0, StepEnd(status: .complete, exit: .exited(0)))),
        (4600, launched(1, 1, .primary, 4)), (4601, .started(step: 1, pid: 11, startTicks: 1)),
        (5000, .attemptFailed(step: 1, failure(3))),
        (5000, .thresholdReached(step: 1, failures: 3)),
        (5000, .modeChanged(.collaborative)), (5000, .reviewWanted(step: 1)),
        (6000, .decided(step: 1, .retry)), (6100, launched(1, 2, .primary, 5)),
        (6101, .started(step: 1, pid: 12, startTicks: 1)),
        (7000, .attemptFailed(step: 1, failure(4))), (7000, .reviewWanted(step: 1)),
        (7100, .decided(step: 1, .proceed)),
        (7100, .ended(step: 1, StepEnd(status: .failed, reason: .exited(4), exit: .exited(4)))),
        (7200, .throttleEased(resource: "db", limit: 3)),
        (7200, .breakerChanged(resource: "db", .open, step: 1)),
        (7300, .breakerChanged(resource: "db", .halfOpen, step: nil)), (7400, .finalizing),
        (7500, .runEnded(.failed)),
    ]

    private static func run() throws -> [String: Any] {
        var document = ProgressDocument(header: record.header)
        let bytes = document.bytes(of: record, at: .zero)
        return try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    private static func step(_ id: String) throws -> [String: Any] {
        let tasks = try #require(try run()["tasks"] as? [[String: Any]])
        let steps = tasks.flatMap { $0["phases"] as? [[String: Any]] ?? [] }
            .flatMap { $0["steps"] as? [[String: Any]] ?? [] }
        return try #require(steps.first { $0["step_id"] as? String == id })
    }

    @Test("each attempt before the last is listed with its method, times, reason and rest")
    func earlierAttempts() throws {
        let step = try Self.step("api")
        let attempts = try #require(step["earlier_attempts"] as? [[String: Any]])
        let first = try #require(attempts.first)
        #expect(first["attempt"] as? Int == 1)
        #expect(first["method"] as? String == "primary")
        #expect(first["execution_id"] as? String == "exec_001")
        #expect(first["launched_at"] as? String == Self.start + "5.000Z")
        #expect(first["completed_at"] as? String == Self.start + "6.000Z")
        #expect(first["execution_time_ms"] as? Int == 1000)
        #expect(first["reason"] as? String == "exit code 1")
        #expect(first["reason_code"] as? String == "exited")
        #expect(first["exit_code"] as? Int == 1)
        #expect(first["busy"] as? Bool == false)
        #expect(first["next_method"] as? String == "primary")
        #expect(first["rest_ms"] as? Int == 500)
        #expect(attempts.map { $0["busy"] as? Bool } == [false, true])
        #expect(attempts.map { $0["rest_ms"] as? Int } == [500, 1000])
        #expect(step["attempts"] as? Int == 3)
        #expect(step["method_used"] as? String == "backup[1]")
        #expect(step["launched_at"] as? String == Self.start + "8.000Z")
        #expect(step["execution_time_ms"] as? Int == 1500)
        #expect(step["next_attempt_at"] is NSNull)
    }

    @Test("the events of a step tell its methods in the words of the source documents")
    func events() throws {
        let events = try #require(try Self.step("api")["events"] as? [[String: Any]])
        #expect(
            events.map { $0["event"] as? String } == [
                "launched", "started", "primary_method_started", "primary_method_failed",
                "retry_scheduled", "launched", "started", "primary_method_started",
                "primary_method_failed", "retry_scheduled", "launched", "started",
                "backup[1]_started", "verify_started", "backup[1]_complete", "complete",
            ])
        #expect(events[3]["error"] as? String == "exit code 1")
        #expect(events[4]["delay_ms"] as? Int == 500)
        #expect(events[4]["method"] as? String == "primary")
        let reviewed = try #require(try Self.step("review")["events"] as? [[String: Any]])
        #expect(
            reviewed.map { $0["event"] as? String }.suffix(5) == [
                "primary_method_started", "primary_method_failed", "review_wanted", "decided",
                "failed",
            ])
    }

    @Test("a step that rests says when its next attempt may start")
    func nextAttempt() throws {
        var record = RunRecord(header: Self.record.header)
        for (milliseconds, kind) in Self.kinds.prefix(4) {
            record.apply(RunEvent(kind, at: RunTime(milliseconds: milliseconds)))
        }
        let next = try #require(record.steps[0].nextAttempt)
        #expect(next.number == 2 && next.method == .primary && !next.isBusy)
        #expect(next.at == RunTime(milliseconds: 1500))
        var document = ProgressDocument(header: record.header)
        let text = String(
            decoding: document.bytes(of: record, at: RunTime(milliseconds: 1200)), as: UTF8.self)
        #expect(text.contains(#""next_attempt_at":"2025-11-02T15:00:06.500Z""#))
        #expect(record.steps[0].restTime(at: RunTime(milliseconds: 1200)) == 200_000_000)
    }

    @Test("mode changes, decisions, limits and breakers stand at the top")
    func shared() throws {
        let run = try Self.run()
        #expect(run["mode"] as? String == "collaborative")
        let modes = try #require(run["mode_changes"] as? [[String: Any]])
        #expect(modes.map { $0["mode"] as? String } == ["collaborative"])
        #expect(modes.first?["timestamp"] as? String == "2025-11-02T15:00:10.000Z")
        let reviews = try #require(run["reviews"] as? [[String: Any]])
        #expect(reviews.map { $0["step_id"] as? String } == ["review", "review"])
        #expect(reviews.map { $0["decision"] as? String } == ["retry", "continue"])
        #expect(reviews.first?["wanted_at"] as? String == "2025-11-02T15:00:10.000Z")
        #expect(reviews.first?["decided_at"] as? String == "2025-11-02T15:00:11.000Z")
        let throttled = try #require((run["throttled"] as? [[String: Any]])?.first)
        #expect(throttled["resource"] as? String == "db")
        #expect(throttled["times"] as? Int == 1 && throttled["limit"] as? Int == 3)
        #expect(throttled["lowest_limit"] as? Int == 2)
        #expect(throttled["steps"] as? [String] == ["api"])
        let breaker = try #require((run["breakers"] as? [[String: Any]])?.first)
        #expect(breaker["resource"] as? String == "db" && breaker["opened"] as? Int == 1)
        #expect(breaker["state"] as? String == "half_open")
    }

    @Test("what concerned more than one step is told in order")
    func sharedEvents() throws {
        let events = try #require(try Self.run()["events"] as? [[String: Any]])
        #expect(
            events.map { $0["event"] as? String } == [
                "throttled", "threshold_reached", "mode_changed", "review_wanted", "decided",
                "review_wanted", "decided", "throttle_eased", "breaker_changed",
                "breaker_changed", "finalizing",
            ])
        #expect(events[0]["step_id"] as? String == "api" && events[0]["limit"] as? Int == 2)
        #expect(events[0]["delay_ms"] as? Int == 1000)
        #expect(events[1]["failures"] as? Int == 3)
        #expect(events[4]["decision"] as? String == "retry")
        #expect(events[8]["state"] as? String == "open")
        #expect(events[9]["step_id"] == nil)
    }

    @Test("a step that always runs is marked")
    func always() throws {
        #expect(try Self.step("clean")["always"] as? Bool == true)
        #expect(try Self.step("api")["always"] as? Bool == false)
    }

    @Test("all attempts of a step are there, and the last of one that was given up is not twice")
    func allAttempts() {
        let attempts = Self.record.steps[0].allAttempts
        #expect(attempts.map(\.method) == [.primary, .primary, .backup(1)])
        #expect(attempts.map(\.status) == [.failed, .failed, .complete])
        #expect(Self.record.steps[1].allAttempts.map(\.number) == [1, 2])
        #expect(Self.record.steps[0].failedAttempts == (1, 1))
        #expect(Self.record.steps[0].wholeTime(at: .zero) == 4_500_000_000)
        #expect(Self.record.steps[0].restTime(at: .zero) == 1_500_000_000)
        #expect(Self.record.steps[2].allAttempts.isEmpty)
    }
}
