import Testing

@testable import Execution

@Suite("What decides whether a step is up to date before a run")
struct FreshnessQuestionTests {
    @Test(
        "a step that an earlier run has done goes by its success where that can be compared",
        arguments: [
            // (hasInputs, modifies, isKnown, isKnownAtLeast)
            ((true, false, true, true), UpToDateQuestion.Evidence.success),
            ((true, false, false, true), .success),
            ((true, false, false, false), .outputs),
            ((true, false, true, false), .success),
            ((false, false, true, true), .success),
            ((false, false, false, true), .outputs),
            ((true, true, true, true), .outputs),
            ((false, true, true, false), .outputs),
        ])
    func evidence(
        facts: (Bool, Bool, Bool, Bool), expected: UpToDateQuestion.Evidence
    ) {
        #expect(
            UpToDateQuestion.evidence(
                hasInputs: facts.0, modifies: facts.1, isKnown: facts.2, isKnownAtLeast: facts.3)
                == expected)
    }

    @Test("what was only skipped for a revision is compared with it again, what has run is not")
    func question() {
        let ran = DoneEarlier(run: "r", basis: StepBasis(command: 1, settings: 2, inputs: 3))
        let skipped = DoneEarlier(run: "r")
        func question(_ done: DoneEarlier?, _ compares: Bool) -> UpToDateQuestion {
            UpToDateQuestion(doneEarlier: done, comparesWithRevision: compares)
        }
        #expect(question(nil, false) == .remembered)
        #expect(question(nil, true) == .compared)
        #expect(question(ran, false) == .done(isKnownAtLeast: true))
        #expect(question(skipped, false) == .done(isKnownAtLeast: true))
        #expect(question(ran, true) == .done(isKnownAtLeast: false))
        #expect(question(skipped, true) == .compared)
    }
}
