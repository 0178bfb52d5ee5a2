import Execution

/// The scheduler of the run, with the inputs that wait for it.
///
/// The parts of the supervisor answer by ``add(_:)``; the loop takes the inputs in that order.
final class SchedulerQueue {
    private var scheduler: Scheduler
    private var inputs: [SchedulerInput] = []
    /// Inputs that were handled already, at the beginning of ``inputs``.
    private var handled = 0
    /// How the run has ended; nil as long as it goes on.
    private(set) var finalStatus: RunStatus?

    /// With the scheduler of a plan, before its first input.
    init(plan: RunPlan) { scheduler = Scheduler(plan: plan) }

    /// Whether no input waits.
    var isEmpty: Bool { inputs.isEmpty }

    /// Whether the scheduler has ended the run, whose end may still have to be recorded.
    var isFinished: Bool { scheduler.isFinished }

    /// Whether no further step starts.
    var isStopping: Bool { scheduler.isStopping }

    /// Whether running steps are being stopped.
    var stopsRunning: Bool { scheduler.stopsRunning }

    /// When the scheduler needs a tick; nil when it waits for no time.
    var nextDeadline: RunTime? { scheduler.nextDeadline }

    /// Adds an input, to be handled after those that wait.
    func add(_ input: SchedulerInput) { inputs.append(input) }

    /// Handles the input that has waited longest.
    ///
    /// - Parameters:
    ///   - now: the present time.
    ///   - actions: its actions are appended here.
    /// - Returns: false when no input waits.
    func handleNext(at now: @autoclosure () -> RunTime, into actions: inout [SchedulerAction])
        -> Bool
    {
        guard handled < inputs.count else {
            inputs.removeAll(keepingCapacity: true)
            handled = 0
            return false
        }
        let input = inputs[handled]
        handled += 1
        scheduler.handle(input, at: now(), into: &actions)
        return true
    }

    /// Handles an input before those that wait.
    func handleAtOnce(
        _ input: SchedulerInput, at now: RunTime, into actions: inout [SchedulerAction]
    ) {
        scheduler.handle(input, at: now, into: &actions)
    }

    /// Takes the scheduler's last word.
    func finish(_ status: RunStatus) { finalStatus = status }
}
