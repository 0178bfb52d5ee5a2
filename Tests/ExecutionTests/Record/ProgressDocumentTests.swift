import Execution
import Foundation
import Testing
import TestSupport

@Suite("ProgressDocument")
struct ProgressDocumentTests {
    private static func document(_ record: RunRecord, at now: RunTime) -> [UInt8] {
        var document = ProgressDocument(header: record.header)
        return document.bytes(of: record, at: now)
    }

    private static func object(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    private static var sample: RunRecord {
        let header = RunRecordSample.header(steps: [
            StepHeader(id: "a", description: "First", parallelGroup: "g", outputs: ["a.md"]),
            StepHeader(id: "b", phase: 2, dependencies: [0]),
        ])
        var record = RunRecord(header: header)
        let events: [(Int64, RunEvent.Kind)] = [
            (100, .launched(step: 0, attempt: 1, method: .primary, execution: 1)),
            (101, .started(step: 0, pid: 77, startTicks: 5)),
            (
                1100,
                .leftovers(step: 0, [Leftover(pid: 9, command: "sleep 9", ageMilliseconds: 12)])
            ),
            (
                1200,
                .ended(
                    step: 0,
                    StepEnd(
                        status: .failed, reason: .signalled(9, coreDumped: false),
                        exit: .signalled(9, coreDumped: false),
                        usage: ResourceUsage(
                            userMicroseconds: 1500, systemMicroseconds: 20, peakMemoryKiB: 512)))
            ),
            (1200, .skipped(step: 1, .dependencyFailed(0))),
            (1300, .runEnded(.failed)),
        ]
        for (milliseconds, kind) in events {
            record.apply(RunEvent(kind, at: RunTime(milliseconds: milliseconds)))
        }
        return record
    }

    @Test("a small run is this document")
    func golden() {
        let text = String(decoding: Self.document(Self.sample, at: .zero), as: UTF8.self)
        #expect(
            text == #"""
                {"schema_version":3,"run_id":"run-1","workflow":"analysis",\#
                "execution_mode":"parallel","max_parallel_steps":3,"status":"failed",\#
                "started_at":"2025-11-02T15:00:05.000Z","ended_at":"2025-11-02T15:00:06.300Z",\#
                "duration_ms":1300,"suspended_ms":0,"resumes":null,\#
                "replays":null,"seed":null,"mode":"silent","mode_changes":[],"reviews":[],\#
                "throttled":[],"breakers":[],"tasks":[
                {"task_id":"","phases":[
                {"phase_id":1,"parallel_groups":["g"],"steps_in_phase":["a"],\#
                "phase_start":"2025-11-02T15:00:05.100Z","phase_end":"2025-11-02T15:00:06.200Z",\#
                "phase_duration_ms":1100,"barrier_passed":null,"steps":[
                {"step_id":"a","description":"First","execution_id":"exec_001",\#
                "status":"failed",\#
                "reason":"killed by SIGKILL (not by stepvisor; out of memory?)",\#
                "reason_code":"signalled","parallel_group":"g","parallel_execution":false,"would_be_parallel":false,\#
                "dependencies_satisfied":[],"launched_at":"2025-11-02T15:00:05.100Z",\#
                "completed_at":"2025-11-02T15:00:06.200Z","execution_time_ms":1100,"pid":77,\#
                "signal":"SIGKILL","always":false,"attempts":1,"method_used":"primary",\#
                "earlier_attempts":[],"next_attempt_at":null,"log":"logs/a.log",\#
                "outputs":["a.md"],"leftovers":[{"pid":9,"command":"sleep 9","age_ms":12}],\#
                "usage":{"user_ms":1.500,"system_ms":0.020,"peak_memory_kib":512},\#
                "events":[{"event":"launched","timestamp":"2025-11-02T15:00:05.100Z"},\#
                {"event":"started","timestamp":"2025-11-02T15:00:05.101Z"},\#
                {"event":"primary_method_started","timestamp":"2025-11-02T15:00:05.101Z"},\#
                {"event":"primary_method_failed","timestamp":"2025-11-02T15:00:06.200Z",\#
                "error":"killed by SIGKILL (not by stepvisor; out of memory?)"},\#
                {"event":"failed","timestamp":"2025-11-02T15:00:06.200Z",\#
                "error":"killed by SIGKILL (not by stepvisor; out of memory?)"}]}]},
                {"phase_id":2,"parallel_groups":[],"steps_in_phase":["b"],"phase_start":null,\#
                "phase_end":null,"phase_duration_ms":null,"barrier_passed":null,"steps":[
                {"step_id":"b","description":"","status":"skipped",\#
                "reason":"dependency `a` failed","reason_code":"dependency_failed",\#
                "parallel_execution":false,"would_be_parallel":false,"dependencies_satisfied":[],\#
                "completed_at":"2025-11-02T15:00:06.200Z",\#
                "always":false,"attempts":0,\#
                "earlier_attempts":[],\#
                "outputs":[],"leftovers":[],\#
                "events":[{"event":"skipped","timestamp":"2025-11-02T15:00:06.200Z"}]}]}]}],
                "parallel_execution_summary":{"concurrent_steps":1,"time_saved_ms":0,\#
                "synchronisation_points":0},"events":[],"warnings":[]}

                """#)
    }

    @Test("each object has the fields that the design names")
    func keys() throws {
        let run = try Self.object(Self.document(Self.sample, at: .zero))
        #expect(
            Set(run.keys) == [
                "schema_version", "run_id", "workflow", "execution_mode", "max_parallel_steps",
                "status", "started_at", "ended_at", "duration_ms", "suspended_ms",
                "resumes", "replays", "seed", "mode", "mode_changes", "reviews", "throttled",
                "breakers", "tasks", "parallel_execution_summary", "events", "warnings",
            ])
        let task = try #require((run["tasks"] as? [[String: Any]])?.first)
        #expect(Set(task.keys) == ["task_id", "phases"])
        let phase = try #require((task["phases"] as? [[String: Any]])?.first)
        #expect(
            Set(phase.keys) == [
                "phase_id", "parallel_groups", "steps_in_phase", "phase_start", "phase_end",
                "phase_duration_ms", "barrier_passed", "steps",
            ])
        let step = try #require((phase["steps"] as? [[String: Any]])?.first)
        #expect(
            Set(step.keys) == [
                "step_id", "description", "execution_id", "status", "reason", "reason_code",
                "parallel_group", "parallel_execution", "would_be_parallel",
                "dependencies_satisfied", "launched_at", "completed_at", "execution_time_ms", "pid",
                "signal", "always", "attempts", "method_used", "earlier_attempts",
                "next_attempt_at", "log", "outputs", "leftovers", "usage", "events",
            ])
        let summary = try #require(run["parallel_execution_summary"] as? [String: Any])
        #expect(
            Set(summary.keys) == ["concurrent_steps", "time_saved_ms", "synchronisation_points"])
    }

    @Test("whatever names hold, the document is JSON and the names come back")
    func hostileNames() throws {
        let name = RunRecordSample.hostile
        var header = RunRecordSample.header(steps: [
            StepHeader(
                id: name, description: name, parallelGroup: name, outputs: [name]),
            StepHeader(id: "b", phase: 2, dependencies: [0, -1, 99]),
        ])
        header.workflow = name
        header.tasks = [TaskHeader(id: name, description: name)]
        var record = RunRecord(header: header)
        record.apply(RunEvent(.warning(step: 0, name), at: .zero))
        record.apply(
            RunEvent(.launched(step: 0, attempt: 1, method: .primary, execution: 1), at: .zero))
        record.apply(
            RunEvent(
                .ended(step: 0, StepEnd(status: .failed, reason: .notStarted(name))), at: .zero))
        let bytes = Self.document(record, at: .zero)
        let run = try Self.object(bytes)
        #expect(run["workflow"] as? String == name)
        let task = try #require((run["tasks"] as? [[String: Any]])?.first)
        #expect(task["task_id"] as? String == name)
        let phase = try #require((task["phases"] as? [[String: Any]])?.first)
        #expect(phase["parallel_groups"] as? [String] == [name])
        #expect(phase["steps_in_phase"] as? [String] == [name])
        let step = try #require((phase["steps"] as? [[String: Any]])?.first)
        #expect(step["reason"] as? String == "could not be started: \(name)")
        #expect(bytes.allSatisfy { $0 >= 0x20 || $0 == UInt8(ascii: "\n") })
    }

    @Test("any record makes a document that others can read", arguments: 0..<60)
    func anyRecord(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed + 1))
        var record = RunRecord(header: RunRecordSample.header)
        for _ in 0..<40 {
            let time = Int64.random(in: .min ... .max, using: &random)
            record.apply(
                RunRecordSample.event(using: &random, at: RunTime(nanoseconds: time)))
        }
        let run = try Self.object(Self.document(record, at: RunTime(nanoseconds: .max)))
        #expect(run["status"] as? String == record.status.rawValue)
    }

    @Test("a long document leaves in pieces that join to the same bytes")
    func pieces() throws {
        let header = RunRecordSample.header(
            steps: (0..<2000).map { StepHeader(id: "s\($0)", phase: $0 / 100) })
        var record = RunRecord(header: header)
        for step in 0..<2000 {
            record.apply(
                RunEvent(
                    .launched(step: step, attempt: 1, method: .primary, execution: step + 1),
                    at: .zero))
        }
        var document = ProgressDocument(header: header)
        var sizes: [Int] = []
        var joined: [UInt8] = []
        document.write(record, at: .zero) { piece in
            sizes.append(piece.count)
            joined += piece
        }
        #expect(sizes.count > 5)
        #expect(sizes.allSatisfy { $0 < 128 * 1024 })
        #expect(joined == document.bytes(of: record, at: .zero))
        let tasks = try Self.object(joined)["tasks"] as? [[String: Any]]
        let phases = try #require(tasks?.first?["phases"] as? [[String: Any]])
        let steps = phases.flatMap { $0["steps"] as? [[String: Any]] ?? [] }
        #expect(steps.map { $0["step_id"] as? String } == (0..<2000).map { "s\($0)" })
        #expect(steps.last?["execution_id"] as? String == "exec_2000")
    }

    @Test("tasks come in their order, each with its own phases")
    func tasks() throws {
        var header = RunRecordSample.header(steps: [
            StepHeader(id: "2.1", task: 1), StepHeader(id: "1.1", task: 0),
            StepHeader(id: "1.2", task: 0, phase: 2),
        ])
        header.tasks = ["1", "2"].map { TaskHeader(id: $0, description: "") }
        let run = try Self.object(Self.document(RunRecord(header: header), at: .zero))
        let tasks = try #require(run["tasks"] as? [[String: Any]])
        #expect(tasks.map { $0["task_id"] as? String } == ["1", "2"])
        #expect(tasks.map { ($0["phases"] as? [Any])?.count } == [2, 1])
    }

    @Test("a run without steps is a whole document too")
    func empty() throws {
        let record = RunRecord(header: RunRecordSample.header(steps: []))
        let run = try Self.object(Self.document(record, at: .zero))
        #expect((run["tasks"] as? [Any])?.isEmpty == true)
        #expect(run["ended_at"] is NSNull)
    }
}
