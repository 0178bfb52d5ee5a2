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
        // One that has stopped itself is not to go on only because this process does.
        let groups = children.values.map(\.pid).filter { stepvisor_stop_signal($0) <= 0 }
        for group in groups { kill(-group, SIGSTOP) }
        recorder.record(.suspended)
        recorder.withdraw()
        ProcessSetup.stopByTerminal()
        for group in groups { kill(-group, SIGCONT) }
        tell(.resumed(after: clock.now() - began))
        recorder.resume()
    }

    /// Looks at logs and at leaders that were stopped, now and then.
    func pollLogs() {
        let now = clock.now()
        guard output.isPollDue(at: now) else { return }
        output.pollLogs()
        let leaders = children.filter { !settling.contains($0.key) }
            .map { (step: $0.key, pid: $0.value.pid) }.sorted { $0.step < $1.step }
        for (step, signal) in terminalWatch.stopped(leaders, at: now) {
            tell(.wantsTerminal(step: step, signal: signal))
        }
    }

    /// Watches a step no longer whose processes outlive KILL.
    ///
    /// Its leader is never given back to Foundation, whose thread would wait for it for ever, and
    /// its locks stay taken.
    func abandon(_ step: Int) {
        guard let child = children.removeValue(forKey: step) else { return }
        loop.remove(.exit(step: step))
        unwatched.remove(step)
        settling.remove(step)
        escapees[step] = nil
        output.abandon(step)
        terminalWatch.remove(step)
        // Whoever comes next is to see that its processes live.
        locks.keepNotes(of: step)
        abandoned.append(child)
    }

    /// What left its group and is to be ended with the run; the run does not wait for what cannot
    /// be killed.
    func escaped() -> [ProcessFacts] {
        groups.descendants(isOwn: isOwn, run: directory.id).filter { facts in
            !abandoned.contains { $0.pid == facts.group }
        }
    }
}
