import Testing

@testable import Execution

@Suite("Reviews: questions about failed steps, without a scheduler")
struct ReviewsTests {
    private let failure = StepEnd(status: .failed, reason: .exited(1))
    private let others: [ReviewDecision] = [.skip, .proceed, .halt]

    private func reviews(_ steps: Int...) -> Reviews {
        var reviews = Reviews()
        for step in steps { reviews.add(step, failure) }
        return reviews
    }

    @Test("one question at a time, in the order of the failures")
    func order() {
        var reviews = reviews(4, 2)
        #expect(!reviews.isEmpty)
        #expect(reviews.nextQuestion() == 4)
        #expect(reviews.nextQuestion() == nil)
        #expect(reviews.decide(4, .skip, offered: others) == failure)
        #expect(reviews.nextQuestion() == 2)
        #expect(reviews.decide(2, .halt, offered: others) == failure)
        #expect(reviews.isEmpty)
        #expect(reviews.nextQuestion() == nil)
    }

    @Test("an answer to no open question, or that was not offered, has no effect")
    func ignored() {
        var reviews = reviews(4, 2)
        #expect(reviews.decide(4, .skip, offered: others) == nil)
        _ = reviews.nextQuestion()
        #expect(reviews.decide(2, .skip, offered: others) == nil)
        #expect(reviews.decide(7, .skip, offered: others) == nil)
        #expect(reviews.decide(4, .retry, offered: others) == nil)
        #expect(reviews.decide(4, .skip, offered: others) == failure)
        #expect(reviews.decide(4, .skip, offered: others) == nil)
    }

    @Test("it may run again if nothing is in the way, and with a backup if there is one")
    func choices() {
        let reviews = reviews(4)
        #expect(reviews.choices(for: 4, canRunAgain: true, hasBackups: false) == [.retry] + others)
        #expect(
            reviews.choices(for: 4, canRunAgain: true, hasBackups: true)
                == [.retry, .useBackup] + others)
        #expect(reviews.choices(for: 4, canRunAgain: false, hasBackups: true) == others)
    }

    @Test("a condition that cannot be evaluated is not evaluated again")
    func conditions() {
        var reviews = Reviews()
        reviews.add(
            1, StepEnd(status: .failed, reason: .conditionError("a > 1", message: "no a")))
        #expect(reviews.choices(for: 1, canRunAgain: true, hasBackups: true) == others)
    }

    @Test("a stop ends all of them in order, and names the open question")
    func withdrawn() {
        var asked = reviews(4, 2, 9)
        _ = asked.nextQuestion()
        let result = asked.withdraw()
        #expect(result.asked == 4)
        #expect(result.steps.map(\.step) == [4, 2, 9])
        #expect(result.steps.allSatisfy { $0.outcome == failure })
        #expect(asked.isEmpty)
        #expect(asked.nextQuestion() == nil)
        #expect(asked.decide(4, .skip, offered: others) == nil)
        var unasked = reviews(3)
        #expect(unasked.withdraw().asked == nil)
    }

    @Test("a step that fails again after its decision comes into review again, at the end")
    func again() {
        var reviews = reviews(4, 2)
        _ = reviews.nextQuestion()
        _ = reviews.decide(4, .retry, offered: [.retry])
        reviews.add(4, StepEnd(status: .failed, reason: .exited(2)))
        #expect(reviews.nextQuestion() == 2)
        _ = reviews.decide(2, .skip, offered: others)
        #expect(reviews.nextQuestion() == 4)
        #expect(
            reviews.decide(4, .skip, offered: others)
                == StepEnd(status: .failed, reason: .exited(2)))
    }
}
