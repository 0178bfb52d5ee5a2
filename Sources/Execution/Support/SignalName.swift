/// The names of signals, by number.
public enum SignalName {
    /// The name of a signal, as in `kill -l` with `SIG` before it; `signal 99` for an unknown
    /// number.
    public static func name(of signal: Int32) -> String {
        if signal > 0, Int(signal) <= names.count { return "SIG" + names[Int(signal) - 1] }
        return realTimeName(of: signal) ?? "signal \(signal)"
    }

    #if os(macOS)
        private static let names = [
            "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "EMT", "FPE", "KILL", "BUS", "SEGV",
            "SYS", "PIPE", "ALRM", "TERM", "URG", "STOP", "TSTP", "CONT", "CHLD", "TTIN", "TTOU",
            "IO", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "INFO", "USR1", "USR2",
        ]
        private static func realTimeName(of signal: Int32) -> String? { nil }
    #else
        // Source: signal(7), the numbers of x86 and ARM.
        private static let names = [
            "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
            "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN",
            "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
        ]

        /// glibc reserves 32 and 33 for itself.
        private static func realTimeName(of signal: Int32) -> String? {
            switch signal {
            case 34: "SIGRTMIN"
            case 35...49: "SIGRTMIN+\(signal - 34)"
            case 50...63: "SIGRTMAX-\(64 - signal)"
            case 64: "SIGRTMAX"
            default: nil
            }
        }
    #endif
}
