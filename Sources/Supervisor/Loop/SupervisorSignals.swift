import Execution
import Platform
import Processes
import StateStore
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Signals that do not end a run: Ctrl-Z, and questions; and steps that were stopped by one.
extension Supervisor {
    /// Takes what has come; is itself stopped for a while when Ctrl-Z was among it.
    ///
    /// - Returns: whether a child may have ended, and what is to stop the run.
    func takeSignals() -> (sawChild: Bool, stops: [Int32]) {
        var taken = loop.takeSignals()
        if taken.contains(SIGTSTP) {
            suspend()
            // Further ones that came before it was stopped have had their effect.
            taken += loop.takeSignals()
        }
        var stops: [Int32] = []
        for signal in taken where signal != SIGCHLD && signal != SIGTSTP {
            if ProcessSetup.statusSignals.contains(signal) {
                recorder.showStatus()
            } else {
                if signal == SIGQUIT { recorder.showStatus() }
                stops.append(signal)
            }
        }
        return (taken.contains(SIGCHLD), stops)
    }

    /// Stops the steps and this process; returns when somebody has let both go on.
    private func suspend() {
        let began = clock.now()
        let groups = steps.suspend()
        recorder.record(.suspended)
        recorder.withdraw()
        ProcessSetup.stopByTerminal()
        steps.letGoOn(groups)
        tell(.resumed(after: clock.now() - began))
        recorder.resume()
    }

    /// Looks at logs and at leaders that were stopped, now and then.
    func pollLogs() {
        let now = clock.now()
        guard output.isPollDue(at: now) else { return }
        output.pollLogs()
        for (step, signal) in steps.stoppedForTerminal(at: now) {
            tell(.wantsTerminal(step: step, signal: signal))
        }
    }
}
