import Execution

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The end of a run: what left its group and outlived its step.
extension Supervisor {
    /// Ends what left its group and outlived its step, in passes until one finds nothing.
    func endEscaped() {
        _ = groups.settleOrphans(isOwn: isOwn)
        var named: Set<Int32> = []
        let begin = clock.now()
        var found = escaped()
        while !found.isEmpty {
            let age = clock.now() - begin
            for facts in found {
                let isNew = named.insert(facts.pid).inserted
                if isNew { nameEscaped(facts) }
                if age >= 1_000_000_000 {
                    send(SIGKILL, to: facts)
                } else if isNew {
                    send(SIGTERM, to: facts)
                    send(SIGCONT, to: facts)
                }
            }
            // Stuck in the kernel: said, and left.
            if age >= 6_000_000_000 {
                record(.warning(step: nil, "cannot be killed: process \(found.map(\.pid))"))
                return
            }
            // One that writes its last words into a full pipe is not to be killed for it.
            copyOutput()
            usleep(10_000)
            _ = groups.settleOrphans(isOwn: isOwn)
            found = escaped()
        }
        // The look leaves out the dead, and the last of them may have died just before it.
        _ = groups.settleOrphans(isOwn: isOwn)
    }

    private func send(_ signal: Int32, to facts: ProcessFacts) {
        _ = ProcessTable.signal(facts.pid, signal) { $0.identity == facts.identity }
    }

    private func nameEscaped(_ facts: ProcessFacts) {
        let leftover = ProcessTable.leftover(facts)
        let name = GroupWatch.step(of: facts.pid, run: directory.id)
        if let step = header.steps.firstIndex(where: { $0.id == name }) {
            record(.leftovers(step: step, [leftover]))
        } else {
            record(
                .warning(
                    step: nil, "process \(leftover.pid) (\(leftover.command)) outlived its step"))
        }
    }
}
