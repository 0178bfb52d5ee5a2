import Platform

/// The run id in the environment of every process of a run, after the ids of outer runs.
package struct RunMarker {
    /// The variable: the ids of all enclosing runs, colon-separated, the innermost last.
    package static let variable = "STEPVISOR_RUNS"

    /// The result of reading a process's environment.
    package enum Finding {
        case carrier, stranger
        /// Empty: it is dead, a kernel thread, was given no environment, or is in exec.
        case nothing
        /// It has ended since it was listed.
        case gone
    }

    package let run: String
    /// Clock ticks since boot before which none of the run's processes can have started.
    private let earliestBirth: UInt64
    private let identifier: [UInt8]
    private static let beginning = Array("\(variable)=".utf8)

    /// Prepares to search for a run's processes.
    ///
    /// - Parameters:
    ///   - run: its id.
    ///   - earliestBirth: when the run's stepvisor started, in clock ticks since boot; 0 if
    ///     unknown.
    package init(run: String, earliestBirth: UInt64 = 0) {
        self.run = run
        self.earliestBirth = earliestBirth
        identifier = Array(run.utf8)
    }

    /// Reads the environment of one process.
    package func find(in pid: Int32) -> Finding {
        guard ProcessView.isUsable else { return .gone }
        guard let bytes = FileBytes.contents(of: "/proc/\(pid)/environ", limit: 1 << 21) else {
            return errno == ENOENT || errno == ESRCH ? .gone : .stranger
        }
        if bytes.isEmpty { return .nothing }
        return isCarried(by: bytes) ? .carrier : .stranger
    }

    /// Whether an environment, as the kernel shows it, contains the run among its enclosing ones.
    func isCarried(by environment: [UInt8]) -> Bool {
        environment.withUnsafeBytes { bytes in
            var start = 0
            while start < bytes.count, let base = bytes.baseAddress {
                // With the C library's search: nearly every entry of nearly every process is
                // another variable.
                let rest = bytes.count - start
                let end = memchr(base + start, 0, rest).map { UnsafeRawPointer($0) - base }
                let length = (end ?? bytes.count) - start
                if length > RunMarker.beginning.count,
                    memcmp(base + start, RunMarker.beginning, RunMarker.beginning.count) == 0
                {
                    let value = bytes[start + RunMarker.beginning.count..<start + length]
                    let runs = value.split(separator: UInt8(ascii: ":"))
                    if runs.contains(where: { $0.elementsEqual(identifier) }) { return true }
                }
                start += length + 1
            }
            return false
        }
    }

    /// Every process with the marker, the newest first, except this process.
    ///
    /// Only processes that started after the run's stepvisor can have it: older ones, and kernel
    /// threads, are skipped before their environment is read. A process in exec briefly shows no
    /// environment, so it is checked again.
    ///
    /// - Parameter body: called for each carrier as soon as it is found.
    /// - Returns: Whether all listed processes could be checked: one that has ended in between may
    ///   have left a child that was not listed, and one that stays in exec may be any process.
    @discardableResult
    package func forEachCarrier(_ body: (Int32) -> Void) -> Bool {
        let own = getpid()
        var unclear: [Int32] = []
        var isSure = true
        // The newest first: a process that forks and ends is caught before it is gone.
        for pid in ProcessTable.identifiers() where pid != own {
            guard let facts = ProcessTable.facts(of: pid) else {
                isSure = false
                continue
            }
            guard facts.startTicks >= earliestBirth, facts.hasEnvironment else { continue }
            switch find(in: pid) {
            case .carrier: body(pid)
            case .nothing: unclear.append(pid)
            case .stranger: break
            case .gone: isSure = false
            }
        }
        unclear.removeAll { pid in
            let facts = ProcessTable.facts(of: pid)
            if facts == nil { isSure = false }
            return facts?.hasEnvironment != true
        }
        for _ in 0..<3 where !unclear.isEmpty {
            usleep(500)
            unclear.removeAll { pid in
                let finding = find(in: pid)
                if finding == .carrier { body(pid) }
                if finding == .gone { isSure = false }
                return finding != .nothing
            }
        }
        // A process that shows its command line has completed its exec, and was given no
        // environment.
        return isSure && unclear.allSatisfy(ProcessTable.hasCommandLine)
    }

    /// Whether any process has the marker.
    package var hasCarriers: Bool {
        var isFound = false
        forEachCarrier { pid in
            if ProcessTable.facts(of: pid)?.isZombie == false { isFound = true }
        }
        return isFound
    }
}
