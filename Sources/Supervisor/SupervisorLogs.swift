import Execution
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Steps' output: through a pipe where it has to be, and watched where it is not.
extension Supervisor {
    func launchPiped(
        _ order: LaunchOrder, log: consuming Descriptor
    ) throws -> ChildProcess {
        let step = order.step
        var ends: [Int32] = [-1, -1]
        guard stepvisor_pipe(&ends, 0) == 0 else { throw SystemError("open", "pipe") }
        let source = Descriptor(owning: ends[0])
        let sink = Descriptor(owning: ends[1])
        _ = fcntl(source.number, F_SETFL, O_NONBLOCK)
        let request = try preparation.request(for: order, output: sink.number)
        let child = try launcher.launch(request, watched: manyRun)
        let path = "\(directory.path)/logs/\(header.steps[step].id).log"
        loop.add(source.number, .output(step: step))
        pumps[step] = OutputPump(source: source, log: log, path: path)
        return child
    }

    func pump(_ step: Int) {
        guard let pump = pumps[step] else { return }
        do {
            let goesOn = try pump.copy()
            if pump.hasCopied { logWatch.noteOutput(of: step, at: clock.now()) }
            if goesOn { return }
        } catch {
            record(.warning(step: step, error.description))
            stop(because: error)
        }
        loop.remove(.output(step: step))
        pumps[step] = nil
    }

    /// What a step wrote before its end is in the pipe; what others write later is not its output.
    func finishPump(_ step: Int) {
        guard pumps[step] != nil else { return }
        pump(step)
        if pumps.removeValue(forKey: step) != nil { loop.remove(.output(step: step)) }
    }

    /// Says when a step's log has been cut off, and gives the step a pipe from its next start on.
    func lookAtLogs(only: Int? = nil) {
        let losses = logWatch.losses(at: clock.now(), only: only) {
            directory.logSize(of: header.steps[$0].id)
        }
        for loss in losses {
            let step = header.steps[loss.step].id
            guard loss.after != LogWatch.gone else {
                record(
                    .warning(
                        step: loss.step,
                        "somebody removed its log: what it writes goes to the removed file and is lost"
                    ))
                continue
            }
            record(
                .warning(
                    step: loss.step,
                    "its log was cut from \(loss.before) to \(loss.after) bytes: something opened it "
                        + "anew; from its next start on its output goes through a pipe"))
            if preparation.logsThatShrank.insert(step).inserted {
                context.state.rememberShrunkLog(of: step)
            }
        }
    }
}
