import Testing
import WorkflowModel

@testable import Execution

@Suite("Barriers: the phases of tasks and their time, without a scheduler")
struct BarriersTests {
    private func time(_ milliseconds: Int64) -> RunTime { RunTime(milliseconds: milliseconds) }

    private func place(_ task: Int, _ phase: Int) -> RunPlan.Place {
        RunPlan.Place(task: task, phase: phase)
    }

    /// Two steps in the first phase of task 0, one in its second, and one in task 1.
    private func barriers(limit: Int64? = 1000) -> Barriers {
        Barriers(
            [place(0, 1), place(0, 1), place(0, 2), place(1, 1)],
            limit: limit.map { Milliseconds($0) })
    }

    @Test("a step of a later phase is held until the steps of the earlier ones have ended")
    func passes() {
        var barriers = barriers()
        #expect(barriers.hold(0, at: place(0, 1)) == false)
        #expect(barriers.hold(2, at: place(0, 2)) == true)
        barriers.stepEnded(at: place(0, 1))
        #expect(!barriers.hasEnded)
        barriers.stepEnded(at: place(0, 1))
        #expect(barriers.hasEnded)
        #expect(barriers.next() == .passes(place(0, 1), held: [2]))
        #expect(barriers.next() == nil)
        #expect(barriers.phase(of: 0) == 2)
        #expect(barriers.hold(2, at: place(0, 2)) == false)
        #expect(barriers.phase(of: 1) == 1)
    }

    @Test("a phase whose steps have all ended before it begins is passed over")
    func passedOver() {
        var barriers = Barriers([place(0, 1), place(0, 2), place(0, 3)], limit: nil)
        #expect(barriers.hold(7, at: place(0, 3)) == true)
        barriers.stepEnded(at: place(0, 2))
        #expect(!barriers.hasEnded)
        barriers.stepEnded(at: place(0, 1))
        #expect(barriers.next() == .passes(place(0, 1), held: [7]))
        #expect(barriers.phase(of: 0) == 3)
        barriers.stepEnded(at: place(0, 3))
        // Nothing comes after the last phase.
        #expect(barriers.next() == nil)
    }

    @Test("the time of a phase begins with its first launch, and anew with the next phase")
    func clock() {
        var barriers = barriers()
        #expect(barriers.deadline(of: 0) == nil)
        #expect(barriers.stepLaunched(at: place(0, 1), now: time(10)) == time(1010))
        #expect(barriers.stepLaunched(at: place(0, 1), now: time(20)) == nil)
        #expect(barriers.stepLaunched(at: place(1, 1), now: time(30)) == time(1030))
        #expect(barriers.deadline(of: 0) == time(1010))
        barriers.stepEnded(at: place(0, 1))
        barriers.stepEnded(at: place(0, 1))
        _ = barriers.next()
        #expect(barriers.deadline(of: 0) == nil)
        #expect(barriers.stepLaunched(at: place(0, 2), now: time(500)) == time(1500))
        barriers.shift(by: 7_000_000)
        #expect(barriers.deadline(of: 0) == time(1507) && barriers.deadline(of: 1) == time(1037))
    }

    @Test("after an overdue phase no later one begins")
    func overdue() {
        var barriers = barriers()
        _ = barriers.stepLaunched(at: place(0, 1), now: time(0))
        barriers.setOverdue(0)
        #expect(barriers.isOverdue(place(0, 1)))
        #expect(!barriers.isOverdue(place(0, 2)) && !barriers.isOverdue(place(1, 1)))
        #expect(barriers.deadline(of: 0) == nil)
        #expect(barriers.stepLaunched(at: place(0, 1), now: time(1)) == nil)
        barriers.stepEnded(at: place(0, 1))
        barriers.stepEnded(at: place(0, 1))
        #expect(barriers.next() == .closes(task: 0))
        #expect(barriers.next() == nil)
    }

    @Test("the time stands still while a step of the phase is in review, until the last one leaves")
    func reviews() {
        var barriers = barriers()
        _ = barriers.stepLaunched(at: place(0, 1), now: time(0))
        barriers.reviewBegins(of: 0, now: time(400))
        barriers.reviewBegins(of: 0, now: time(500))
        #expect(barriers.deadline(of: 0) == nil)
        #expect(barriers.reviewEnds(of: 0, now: time(9000)) == nil)
        #expect(barriers.reviewEnds(of: 0, now: time(10_000)) == time(10_600))
        #expect(barriers.deadline(of: 0) == time(10_600))
        // A time that had not begun does not begin with an answer.
        barriers.reviewBegins(of: 1, now: time(0))
        #expect(barriers.reviewEnds(of: 1, now: time(5)) == nil)
        #expect(barriers.deadline(of: 1) == nil)
    }

    @Test("without a limit no time runs, and without barriers nothing is ever held")
    func without() {
        var unlimited = barriers(limit: nil)
        #expect(unlimited.stepLaunched(at: place(0, 1), now: time(0)) == nil)
        unlimited.reviewBegins(of: 0, now: time(0))
        #expect(unlimited.reviewEnds(of: 0, now: time(1)) == nil)
        var none = Barriers([], limit: nil)
        #expect(none.hold(0, at: place(3, 9)) == false)
        none.stepEnded(at: place(3, 9))
        #expect(none.next() == nil)
        #expect(!none.isOverdue(place(3, 9)) && none.deadline(of: 3) == nil)
    }
}
