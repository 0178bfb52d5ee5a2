/// The signals that the scheduler sends or receives; the numbers are the same on Linux and macOS.
enum SignalNumber {
    static let hangup: Int32 = 1
    static let interrupt: Int32 = 2
    static let kill: Int32 = 9
    static let terminate: Int32 = 15
}
