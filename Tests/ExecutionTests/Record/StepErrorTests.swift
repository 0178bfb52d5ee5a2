import Testing

@testable import Execution

@Suite("What a step that failed wrote last is part of its failure")
struct StepErrorTests {
    private static func told(_ kind: RunEvent.Kind) -> RunEvent.Kind {
        kind.withLastLine { "line of \($0)" }
    }

    @Test("a step that ended badly by itself carries its line, in whatever attempt")
    func own() {
        for reason in [StepReason.exited(3), .signalled(11, coreDumped: false)] {
            #expect(
                Self.told(.ended(step: 1, StepEnd(status: .failed, reason: reason)))
                    == .ended(step: 1, StepEnd(status: .failed, reason: reason, error: "line of 1"))
            )
            #expect(
                Self.told(.attemptFailed(step: 2, AttemptFailure(reason: reason)))
                    == .attemptFailed(step: 2, AttemptFailure(reason: reason, error: "line of 2")))
        }
    }

    @Test("a reason that is stepvisor's own stands for itself, and no log is read")
    func others() {
        let reasons: [StepReason] = [
            .timedOut(.attempt, limitMilliseconds: 5), .outputsMissing(["x"]), .notStarted("no"),
            .verifyFailed(.exited(1)), .successPatternMissing("ok"), .leftProcesses(1),
        ]
        var kinds = reasons.map {
            RunEvent.Kind.ended(step: 0, StepEnd(status: .failed, reason: $0))
        }
        kinds += reasons.map { .attemptFailed(step: 0, AttemptFailure(reason: $0)) }
        kinds += [
            .ended(step: 0, StepEnd(status: .complete)),
            .ended(step: 0, StepEnd(status: .aborted, reason: .interrupted(2), exit: .exited(1))),
            .halting(step: 0),
        ]
        for kind in kinds {
            #expect(
                kind.withLastLine { _ in
                    Issue.record("the log was read for \(kind)")
                    return nil
                } == kind)
        }
    }

    @Test("events of the record have the line, or the reason in its place; secrets are taken out")
    func document() throws {
        var record = RunRecord(header: RunRecordSample.header)
        let mask = SecretMask(values: [Array("hunter22".utf8)])
        for (time, kind) in [
            (1, .launched(step: 0, attempt: 1, method: .primary, execution: 1)),
            (1, .started(step: 0, pid: 7, startTicks: 8)),
            (
                2,
                .attemptFailed(
                    step: 0, AttemptFailure(reason: .exited(1), error: "first hunter22"))
            ),
            (3, .launched(step: 0, attempt: 2, method: .primary, execution: 2)),
            (3, .started(step: 0, pid: 7, startTicks: 8)),
            (4, .ended(step: 0, StepEnd(status: .failed, reason: .exited(2), error: "hunter22"))),
        ] as [(Int64, RunEvent.Kind)] {
            record.apply(RunEvent(kind.masked(by: mask), at: RunTime(milliseconds: time)))
        }
        var document = ProgressDocument(header: record.header)
        let text = String(decoding: document.bytes(of: record, at: .zero), as: UTF8.self)
        #expect(!text.contains("hunter22"))
        #expect(text.contains(#""error":"first ***""#), "\(text)")
        #expect(record.steps[0].events.last?.error == "***")
        // What ran before does not stand for what runs now.
        record.apply(
            RunEvent(
                .launched(step: 0, attempt: 3, method: .primary, execution: 3),
                at: RunTime(milliseconds: 5)))
        #expect(record.steps[0].error == nil)
    }
}
