import Testing
import WorkflowModel

@testable import Execution

@Suite("Finalizers: whether and how long they run, without a scheduler")
struct FinalizersTests {
    private func stop(signals: Int = 0, reviewOf step: Int? = nil) -> StopState {
        var stop = StopState()
        stop.signals = signals
        if signals > 0 { stop.signal = 15 }
        stop.awaitsReviewOf = step
        return stop
    }

    @Test("after an undisturbed run they begin, once, without a time limit")
    func undisturbed() {
        var finalizers = Finalizers([3, 5])
        #expect(finalizers.waiting == 2 && !finalizers.hasBegun)
        #expect(finalizers.begin(after: stop(), isRunOver: false, areLeft: true) == .run)
        #expect(finalizers.waiting == 0 && finalizers.hasBegun && !finalizers.isHurried)
        #expect(finalizers.limit == nil)
        #expect(finalizers.begin(after: stop(), isRunOver: false, areLeft: true) == .nothing)
    }

    @Test("those that were left out no longer wait, and with none left nothing begins")
    func leftOut() {
        var finalizers = Finalizers([3, 5])
        finalizers.stepEnded()
        #expect(finalizers.waiting == 1)
        finalizers.stepEnded()
        #expect(finalizers.waiting == 0)
        #expect(finalizers.begin(after: stop(), isRunOver: false, areLeft: false) == .nothing)
        #expect(finalizers.hasBegun)
    }

    @Test("after they have begun none of them waits for the other steps")
    func endsLater() {
        var finalizers = Finalizers([3, 5])
        _ = finalizers.begin(after: stop(), isRunOver: false, areLeft: true)
        finalizers.stepEnded()
        #expect(finalizers.waiting == 0)
    }

    @Test("one or two signals let them run with a time limit, and are remembered")
    func signalled() {
        for signals in 1...2 {
            var finalizers = Finalizers([3])
            #expect(
                finalizers.begin(after: stop(signals: signals), isRunOver: false, areLeft: true)
                    == .run)
            #expect(finalizers.before.signals == signals)
            #expect(finalizers.limit == Finalizers.hurriedLimit)
        }
    }

    @Test("the third signal ends them too")
    func thirdSignal() {
        var finalizers = Finalizers([3])
        #expect(
            finalizers.begin(after: stop(signals: 3), isRunOver: false, areLeft: true)
                == .skip(.interrupted(15)))
        #expect(finalizers.hasBegun && finalizers.waiting == 0)
    }

    @Test("while a decision is missing they are left to the run that has it, unless a signal came")
    func review() {
        var waiting = Finalizers([3])
        #expect(
            waiting.begin(after: stop(reviewOf: 1), isRunOver: false, areLeft: true)
                == .skip(.awaitsReview(of: 1)))
        var signalled = Finalizers([3])
        #expect(
            signalled.begin(after: stop(signals: 1, reviewOf: 1), isRunOver: false, areLeft: true)
                == .run)
    }

    @Test("a run that is over in time hurries them, before they begin or while they run")
    func timeIsOver() {
        var late = Finalizers([3])
        #expect(late.begin(after: stop(), isRunOver: true, areLeft: true) == .run)
        #expect(late.isHurried)
        #expect(late.hurry() == false)
        var running = Finalizers([3])
        _ = running.begin(after: stop(), isRunOver: false, areLeft: true)
        #expect(running.hurry() == true)
        #expect(running.hurry() == false)
        #expect(running.limit == Milliseconds.seconds(300))
    }
}
