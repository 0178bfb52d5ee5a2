import Execution

/// The pipes through which steps' output comes.
struct OutputState {
    /// Every pipe that somebody may write to, by a number of its own.
    fileprivate var pipes: [Int: OutputPipe] = [:]
    /// The pipe of what a step has running, by step.
    fileprivate var current: [Int: Int] = [:]
    fileprivate var lastNumber = 0
    /// The thread that copies the output of loud steps.
    fileprivate var drain: OutputDrain?
    fileprivate var hasNoThread = false
    fileprivate let buffer = CopyBuffer(size: 1 << 16)

    /// The pipe of what a step has running; nil where it writes into the file itself.
    func pipe(of step: Int) -> OutputPipe? { current[step].flatMap { pipes[$0] } }

    /// The step whose output a pipe carries.
    func step(of number: Int) -> Int? { pipes[number]?.step }
}

/// Bringing steps' output into their logs.
extension Supervisor {
    /// From now on all that earlier attempts of a step have left is appended to its log, where
    /// somebody else is about to write.
    ///
    /// - Returns: whether there is anything of the kind.
    func shareLog(of step: Int) -> Bool {
        let others = output.pipes.values.filter { $0.step == step }
        for other in others { other.share() }
        return !others.isEmpty
    }

    /// Makes the pipe of what is about to be started.
    func openPipe(
        of step: Int, into log: consuming Descriptor, end: Int64, isOnly: Bool
    ) throws(SystemError) -> OutputPipe {
        try OutputPipe(
            of: step, into: log, end: end,
            path: "\(directory.path)/logs/\(header.steps[step].id).log", isOnly: isOnly,
            clock: clock)
    }

    /// The step runs, and writes there.
    func watch(_ pipe: OutputPipe) {
        output.lastNumber += 1
        output.pipes[output.lastNumber] = pipe
        output.current[pipe.step] = output.lastNumber
        loop.add(pipe.number, .output(pipe: output.lastNumber))
    }

    /// Copies what has come through a pipe.
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

    /// The thread that copies the output of loud steps; nil where there can be none, and the loop
    /// does it.
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

    /// A log could not be written, or a process that outlived its step has closed its pipe.
    func takeOutputAlarm() {
        output.drain?.silence()
        for (number, pipe) in output.pipes {
            stopIfFailed(pipe)
            if pipe.isOver { forget(number) }
        }
    }

    private func stopIfFailed(_ pipe: OutputPipe) {
        guard let failure = pipe.takeFailure() else { return }
        record(.warning(step: pipe.step, failure.description))
        stop(because: failure)
    }

    /// Brings all that a step wrote before its end into its log.
    ///
    /// A process that outlives it and still has its pipe goes on writing to that log.
    func settleOutput(of step: Int) {
        stopIfLogIsFull(of: step)
        guard let number = output.current.removeValue(forKey: step),
            let pipe = output.pipes[number]
        else { return }
        let copied = pipe.settle(by: output.buffer)
        stopIfFailed(pipe)
        if copied.isOver { forget(number) }
    }

    /// Copies what has come through all pipes, while the loop does something else.
    func copyOutput() {
        for pipe in output.pipes.values {
            _ = pipe.copy(by: output.buffer)
            stopIfFailed(pipe)
        }
    }

    /// The run ends, and every process that could write has been ended.
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
