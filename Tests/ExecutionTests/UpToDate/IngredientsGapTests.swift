import Testing

@testable import Execution

@Suite("Why a run does not tell what a step was made from")
struct IngredientsGapTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What the journal says of the step, and of the run.
        let events: [RunEvent.Kind]
        var isAlive = false
        var hasIngredients = true
        let expected: MissingFingerprint
    }

    private static let launched = RunEvent.Kind.launched(
        step: 0, attempt: 1, method: .primary, execution: 1)
    private static let complete = RunEvent.Kind.ended(
        step: 0, StepEnd(status: .complete, exit: .exited(0)))
    private static let over = RunEvent.Kind.runEnded(.complete)

    private static func skipped(_ reason: StepReason) -> [RunEvent.Kind] {
        [.skipped(step: 0, reason), over]
    }

    private static let cases = [
        Case(
            testDescription: "up to date", events: skipped(.upToDate(run: "r0")),
            expected: .elsewhere(run: "r0", "up to date since run r0")),
        Case(
            testDescription: "done earlier", events: skipped(.doneEarlier(run: "r0", basis: nil)),
            expected: .elsewhere(run: "r0", "done earlier, in run r0")),
        Case(
            testDescription: "restored",
            events: [
                .ended(step: 0, StepEnd(status: .cached, reason: .restored(run: "r0"))), over,
            ], expected: .elsewhere(run: "r0", "restored from run r0")),
        Case(
            testDescription: "marked", events: skipped(.upToDate(run: "mark 2026-01-01")),
            expected: .notRun("up to date since mark 2026-01-01")),
        Case(
            testDescription: "unchanged", events: skipped(.unchanged(since: "main")),
            expected: .notRun("unchanged since main")),
        Case(
            testDescription: "left out", events: skipped(.notSelected),
            expected: .notRun("left out by the command line")),
        Case(
            testDescription: "its condition is false",
            events: skipped(.conditionFalse("x > 1", values: "")),
            expected: .notRun("its condition does not hold: x > 1")),
        Case(
            testDescription: "still to come", events: [], isAlive: true,
            expected: .notRun("it is still to come")),
        Case(
            testDescription: "killed before", events: [],
            expected: .notRun("the run ended before its turn")),
        Case(testDescription: "under way", events: [launched], isAlive: true, expected: .goesOn),
        Case(
            testDescription: "done, in a run that goes on", events: [launched, complete],
            isAlive: true, expected: .goesOn),
        Case(
            testDescription: "done, in a run that was killed", events: [launched, complete],
            expected: .cutOff),
        Case(
            testDescription: "nothing written", events: [launched, complete, over],
            hasIngredients: false, expected: .nothingKept),
        Case(
            testDescription: "written, but not that", events: [launched, complete, over],
            expected: .unreadable),
    ]

    @Test("each reason is told from the others", arguments: cases)
    func reason(given: Case) {
        var record = RunRecord(header: RunRecordSample.header(steps: [StepHeader(id: "a")]))
        for event in given.events { record.apply(RunEvent(event, at: .zero)) }
        #expect(
            record.gap(at: 0, isAlive: given.isAlive, hasIngredients: given.hasIngredients)
                == given.expected)
        #expect(
            record.gap(at: 7, isAlive: given.isAlive, hasIngredients: given.hasIngredients)
                == .notRun("it has no such step"))
    }

    @Test("each names the run and the step")
    func words() {
        let all: [MissingFingerprint] = [
            .elsewhere(run: "r0", "up to date"), .notRun("why"), .goesOn, .cutOff, .nothingKept,
            .unreadable,
        ]
        for text in all.map({ $0.text(of: "step", in: "r1") }) {
            #expect(text.contains("`step`") && text.contains("run r1"), "\(text)")
        }
        #expect(
            all[0].text(of: "step", in: "r1")
                == "run r1 did not run `step` (up to date), and run r0 is not here")
    }
}
