/// Signals by name, since their numbers differ between systems.
enum SignalName {
    /// The number of a signal named with or without `SIG`; nil for other text.
    static func number(of name: String) -> Int32? {
        numbers[name.hasPrefix("SIG") ? String(name.dropFirst(3)) : name]
    }

    private static let common: [String: Int32] = [
        "HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "TRAP": 5, "ABRT": 6, "FPE": 8, "KILL": 9,
        "SEGV": 11, "PIPE": 13, "ALRM": 14, "TERM": 15, "XCPU": 24, "XFSZ": 25,
    ]

    #if os(Linux)
        private static let numbers = common.merging(
            ["BUS": 7, "USR1": 10, "USR2": 12, "SYS": 31]) { first, _ in first }
    #else
        private static let numbers = common.merging(
            ["BUS": 10, "USR1": 30, "USR2": 31, "SYS": 12]) { first, _ in first }
    #endif
}
