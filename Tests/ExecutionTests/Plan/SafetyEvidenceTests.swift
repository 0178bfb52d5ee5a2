import Testing
import WorkflowModel

@testable import Execution

@Suite("What recorded runs prove for the safety checklist")
struct SafetyEvidenceTests {
    private static let basis = StepBasis(command: 1, settings: 2, inputs: 3)

    private func resolved() throws -> ResolvedWorkflow {
        var builder = PlanBuilder()
        builder.step("a")
        builder.step("b")
        return try builder.resolved()
    }

    private func journal(
        _ kinds: [RunEvent.Kind], mode: ExecutionMode = .sequential, ids: [String] = ["a", "b"],
        problems: [JournalProblem] = []
    ) -> Journal {
        let header = RunHeader(
            runID: "r2", workflow: "test", mode: mode, maxParallelSteps: 1,
            startedAt: WallTime(microseconds: 0), pid: 1, bootID: "boot",
            tasks: [TaskHeader(id: "", description: "")],
            steps: ids.map { StepHeader(id: $0, description: "", task: 0, phase: 1) })
        let events = ([.runStarted(header)] + kinds).enumerated().map {
            RunEvent($1, at: RunTime(nanoseconds: Int64($0)))
        }
        return Journal(header: header, events: events, problems: problems)
    }

    private static func ran(_ step: Int, _ status: StepStatus = .complete) -> [RunEvent.Kind] {
        [
            .launched(step: step, attempt: 1, method: .primary, execution: step + 1),
            .started(step: step, pid: 7, startTicks: 1, basis: basis),
            .ended(step: step, StepEnd(status: status, isAllowed: status == .failed)),
        ]
    }

    private func test(
        _ journal: Journal, isUnchanged: Bool = true, others: ExecutionMode? = .sequential
    ) throws -> SafetyEvidence.SequentialTest? {
        SafetyEvidence.SequentialTest(
            EarlierRun(journal), of: try resolved(), isUnchanged: { _, _ in isUnchanged },
            modeOfRun: { _ in others })
    }

    private static let end: [RunEvent.Kind] = [.runEnded(.complete)]

    @Test("a complete sequential run of the same steps is a test")
    func passed() throws {
        #expect(try test(journal(Self.ran(0) + Self.ran(1) + Self.end)) == .passed(run: "r2"))
        // Ends as they were declared.
        #expect(
            try test(journal(Self.ran(0) + Self.ran(1, .failed) + Self.end))
                == .passed(run: "r2"))
        #expect(
            try test(
                journal(
                    Self.ran(0) + [.skipped(step: 1, .conditionFalse("steps.a.x < 1", values: "2"))]
                        + Self.end))
                == .passed(run: "r2"))
    }

    @Test("a parallel run proves nothing either way")
    func parallel() throws {
        let journal = journal(Self.ran(0) + Self.ran(1) + Self.end, mode: .parallel)
        #expect(try test(journal) == nil)
    }

    @Test("a sequential run that does not count says why")
    func rejected() throws {
        let both = Self.ran(0) + Self.ran(1)
        let cases: [(Journal, String)] = [
            (journal(both), "it has not ended"),
            (journal(both + [.runEnded(.failed)]), "it ended as failed"),
            (
                journal(Self.ran(0) + [.skipped(step: 1, .notSelected)] + Self.end),
                "`b` was left out of it"
            ),
            (
                journal(Self.ran(0) + [.skipped(step: 1, .decided(.skip))] + Self.end),
                "somebody decided to skip `b`"
            ),
            (journal(Self.ran(0) + Self.end), "`b` did not run in it"),
            (journal(Self.ran(0) + Self.end, ids: ["a"]), "it had no step `b`"),
            (
                journal(both + Self.end, ids: ["a", "b", "old"]),
                "it had a step `old`, which there is no more"
            ),
        ]
        for (journal, why) in cases {
            #expect(try test(journal) == .rejected(run: "r2", why: why))
        }
        #expect(
            try test(journal(both + Self.end), isUnchanged: false)
                == .rejected(run: "r2", why: "since then `a` and 1 more was changed"))
    }

    @Test("what a run took over counts where the other run was sequential too")
    func takenOver() throws {
        let journal = journal(
            [.skipped(step: 0, .doneEarlier(run: "r1", basis: Self.basis))] + Self.ran(1)
                + Self.end)
        #expect(try test(journal) == .passed(run: "r2"))
        for other in [ExecutionMode.parallel, nil] {
            #expect(
                try test(journal, others: other)
                    == .rejected(
                        run: "r2",
                        why: "`a` had been done in run r1, which was not sequential"))
        }
    }

    @Test("journal and record have to agree")
    func logging() throws {
        let good = journal(Self.ran(0) + Self.ran(1) + Self.end)
        var document = ProgressDocument(header: good.header)
        let bytes = document.bytes(of: good.record, at: good.record.lastEventAt)
        #expect(
            SafetyEvidence.Logging(journal: good, document: bytes)
                == .whole(run: "r2", events: 8))
        #expect(
            SafetyEvidence.Logging(journal: journal(Self.ran(0)), document: bytes) == nil)
        let text = String(decoding: bytes, as: UTF8.self)
        let cases: [([UInt8]?, String)] = [
            (nil, "it has no `progress.json`"),
            (Array(bytes.dropLast(5)), "its `progress.json` is not whole"),
            (
                Array(text.replacing("\"r2\"", with: "\"r1\"").utf8),
                "its `progress.json` speaks of another end than its journal"
            ),
            (
                Array(text.replacing("\"step_id\":\"b\"", with: "\"step_id\":\"c\"").utf8),
                "its `progress.json` has other steps, or other ends, than its journal"
            ),
        ]
        for (bytes, why) in cases {
            #expect(
                SafetyEvidence.Logging(journal: good, document: bytes)
                    == .broken(run: "r2", why: why))
        }
        let torn = journal(
            Self.ran(0) + Self.ran(1) + Self.end, problems: [.tornLine(offset: 9, length: 3)])
        #expect(
            SafetyEvidence.Logging(journal: torn, document: bytes)
                == .broken(
                    run: "r2",
                    why: "in its journal the last line is cut off (3 bytes from byte 9) and was "
                        + "ignored"))
    }
}
