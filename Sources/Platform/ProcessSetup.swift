import SystemCalls

/// Prepares this process before anything else, whatever state it was started in.
///
/// DESIGN: a parent may have closed descriptors 0 to 2, blocked signals, or ignored SIGCHLD (then
/// every `exit 7` would read as 0), and all of it would reach the steps too.
public enum ProcessSetup {
    /// Signals that stop a run.
    package static let stopSignals: [Int32] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    /// Signals that ask what runs now.
    #if os(Linux)
        package static let statusSignals: [Int32] = [SIGUSR1]
    #else
        package static let statusSignals: [Int32] = [SIGUSR1, SIGINFO]
    #endif

    /// Signals that a run handles, unless its parent ignored them.
    private static let runSignals = stopSignals + statusSignals + [SIGTSTP]

    /// Called first in `main`: opens closed descriptors among 0 to 2, empties the signal mask, and
    /// sets actions that steps do not inherit for SIGPIPE, SIGXFSZ, SIGCHLD and the signals that
    /// the parent ignored.
    public static func prepare() {
        for number: Int32 in 0...2 where fcntl(number, F_GETFD) == -1 {
            // The lowest free number is the closed one, since all numbers below are open.
            _ = open("/dev/null", number == 0 ? O_RDONLY : O_WRONLY)
        }
        stepvisor_keep_heap_small()
        _ = stepvisor_clear_signal_mask()
        _ = stepvisor_install_noop(SIGPIPE)
        // A file that may not grow any more is an error of its writer, and no reason to die.
        _ = stepvisor_install_noop(SIGXFSZ)
        _ = stepvisor_install_noop(SIGCHLD)
        // A child that Ctrl-Z stopped while it was launched must go on when this process does.
        _ = stepvisor_install_noop(SIGCONT)
        // An ignored signal stays ignored through exec, a handled one does not. The signals that a
        // run handles are set when it begins.
        for signal: Int32 in 1...64
        where !runSignals.contains(signal) && stepvisor_is_ignored(signal) == 1 {
            if [SIGTTIN, SIGTTOU].contains(signal) {
                // With a handler, the kernel would restart a forbidden write for ever.
                _ = stepvisor_restore_default(signal)
            } else {
                _ = stepvisor_install_noop(signal)
            }
        }
    }

    /// Called before a run: closes descriptors above 2 that a parent left open, so that no step
    /// gets them and launching does not pay for them; sockets stay open when an outer stepvisor may
    /// own them.
    public static func closeInherited(keepSockets: Bool) {
        guard let entries = DirectoryListing.names(of: "/proc/self/fd") else { return }
        for entry in entries {
            guard let number = Int32(entry), number > 2 else { continue }
            let flags = fcntl(number, F_GETFD)
            // Close-on-exec descriptors belong to our own libraries.
            guard flags >= 0, flags & FD_CLOEXEC == 0 else { continue }
            var facts = stat()
            guard fstat(number, &facts) == 0 else { continue }
            if keepSockets && facts.st_mode & S_IFMT == S_IFSOCK { continue }
            close(number)
        }
    }

    /// Installs handlers for the signals that a run handles; one that the parent ignored has no
    /// effect here, and its default action in steps.
    package static func catchRunSignals() {
        for signal in runSignals {
            if stepvisor_is_ignored(signal) == 1 {
                _ = stepvisor_install_noop(signal)
            } else {
                _ = stepvisor_install_handler(signal)
            }
        }
        _ = stepvisor_install_handler(SIGCHLD)
    }

    /// Stops this process as Ctrl-Z stops any other, until it is continued; returns at once when
    /// nothing could continue it, as in a process group without a shell above it.
    package static func stopByTerminal() {
        _ = stepvisor_restore_default(SIGTSTP)
        raise(SIGTSTP)
        _ = stepvisor_install_handler(SIGTSTP)
    }

    /// Ends this process by a signal's default action, so that its parent sees the real cause;
    /// without a core file, since this program has no error.
    public static func die(by signal: Int32) -> Never {
        stepvisor_forbid_core_file()
        _ = stepvisor_restore_default(signal)
        raise(signal)
        // Only reached when the signal's default action does not end a process.
        exit(128 + signal)
    }
}
