import SystemCalls

/// How many steps a run can have at once with the descriptor limit of this process (`ulimit -n`).
package enum DescriptorBudget {
    /// Reserved for the run itself: standard streams, lock, journal, directories, signals,
    /// guardian, Foundation's thread, and descriptors that are open only briefly.
    private static let ofRun = 32
    /// Per step: two sockets, its pipe's two ends, its log, and its pidfd.
    private static let ofStep = 6
    /// Descriptors that must be free when a run begins, for one step at a time.
    private static let least = 32

    /// The current limit; nil when the system does not report it.
    package static var limit: Int? {
        var limit = rlimit()
        #if canImport(Glibc)
            let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
            let resource = RLIMIT_NOFILE
        #endif
        guard getrlimit(resource, &limit) == 0 else { return nil }
        return Int(clamping: limit.rlim_cur)
    }

    /// The largest number of steps at once under a limit, at least 1.
    static func maxSteps(under limit: Int?) -> Int {
        limit.map { max(1, ($0 - ofRun) / ofStep) } ?? .max
    }

    /// Throws for a run that could not start any step for lack of descriptors.
    package static func check() throws(SystemError) {
        guard let limit, limit < 1024 else { return }
        var taken: [Int32] = []
        defer { for number in taken { close(number) } }
        while taken.count < least {
            let number = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
            guard number >= 0 else {
                throw SystemError(
                    refusing: "a limit of \(limit) open files",
                    because: "a run needs \(limit + least - taken.count) or more",
                    advice: "raise it: `ulimit -n 1024`")
            }
            taken.append(number)
        }
    }
}
