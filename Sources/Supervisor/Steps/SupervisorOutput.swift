import Execution
import Platform
import StateStore

/// The pipes with the output of steps.
struct OutputState {
    /// Every pipe to which a process may write, by a number of its own.
    fileprivate var pipes: [Int: OutputPipe] = [:]
    /// The pipe of each step's current process.
    fileprivate var current: [Int: Int] = [:]
    fileprivate var lastNumber = 0
    /// The thread that copies the output of steps with much output.
    fileprivate var drain: OutputDrain?
    fileprivate var hasNoThread = false
    fileprivate let buffer = CopyBuffer(size: 1 << 16)

    /// The pipe of a step's current process; nil when it writes its log itself.
    func pipe(of step: Int) -> OutputPipe? { current[step].flatMap { pipes[$0] } }

    /// The step whose output a pipe carries.
    func step(of number: Int) -> Int? { pipes[number]?.step }
}

/// Copies steps' output into their logs.
extension Supervisor {
    /// Makes the pipes of a step's earlier attempts append to its log, to which another process is
    /// about to write.
    ///
    /// - Returns: whether there are such pipes.
    func shareLog(of step: Int) -> Bool {
        let others = output.pipes.values.filter { $0.step == step }
        for other in others { other.share() }
        return !others.isEmpty
    }

    /// Creates the pipe for a process that is about to be started.
    func openPipe(
        of step: Int, into log: consuming Descriptor, end: Int64, isOnly: Bool
    ) throws(SystemError) -> OutputPipe {
        try OutputPipe(
            of: step, into: log, end: end,
            path: "\(directory.path)/logs/\(header.steps[step].id).log", isOnly: isOnly,
            clock: clock)
    }

    /// Starts watching the pipe of a running step.
    func watch(_ pipe: OutputPipe) {
        output.lastNumber += 1
        output.pipes[output.lastNumber] = pipe
        output.current[pipe.step] = output.lastNumber
        loop.add(pipe.number, .output(pipe: output.lastNumber))
    }

    /// Copies the available output of a pipe.
    func takeOutput(of number: Int) {
        guard let pipe = output.pipes[number] else { return }
        let copied = pipe.copy(by: output.buffer)
        stopIfFailed(pipe)
        if copied.isOver {
            forget(number)
        } else if copied.isLoud, let drain = outputDrain() {
            loop.remove(.output(pipe: number))
            drain.add(pipe)
        }
    }

    /// The thread that copies the output of steps with much output; nil when it cannot start, and
    /// the loop copies.
    private func outputDrain() -> OutputDrain? {
        if output.drain == nil, !output.hasNoThread {
            do throws(SystemError) {
                let drain = try OutputDrain()
                loop.add(drain.descriptor, .outputAlarm)
                output.drain = drain
            } catch {
                output.hasNoThread = true
            }
        }
        return output.drain
    }

    /// Handles a log that could not be written, or a pipe that a process outliving its step has
    /// closed.
    func takeOutputAlarm() {
        output.drain?.silence()
        for (number, pipe) in output.pipes {
            stopIfFailed(pipe)
            if pipe.isOver { forget(number) }
        }
    }

    private func stopIfFailed(_ pipe: OutputPipe) {
        guard let failure = pipe.takeFailure() else { return }
        recorder.warn(failure.description, about: pipe.step)
        recorder.stop(because: failure)
    }

    /// Copies everything that a step wrote before its end into its log.
    ///
    /// A process that outlives the step and still has its pipe continues to write to that log.
    func settleOutput(of step: Int) {
        stopIfLogIsFull(of: step)
        guard let number = output.current.removeValue(forKey: step),
            let pipe = output.pipes[number]
        else { return }
        let copied = pipe.settle(by: output.buffer)
        stopIfFailed(pipe)
        if copied.isOver { forget(number) }
    }

    /// Copies the available output of all pipes while the loop does something else.
    func copyOutput() {
        for pipe in output.pipes.values {
            _ = pipe.copy(by: output.buffer)
            stopIfFailed(pipe)
        }
    }

    /// Copies all remaining output at the end of the run, when every process that could write has
    /// ended.
    func finishOutput() {
        for (number, pipe) in output.pipes.sorted(by: { $0.key < $1.key }) {
            pipe.finish(by: output.buffer)
            stopIfFailed(pipe)
            forget(number)
        }
        guard let drain = output.drain else { return }
        loop.remove(.outputAlarm)
        drain.end()
        output.drain = nil
    }

    private func forget(_ number: Int) {
        loop.remove(.output(pipe: number))
        output.pipes[number] = nil
    }
}
