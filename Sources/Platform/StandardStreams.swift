import SystemCalls

/// Standard output and standard error of this process.
public enum StandardStream: Int32, Sendable {
    /// Requested data.
    case output = 1
    /// Progress and messages.
    case error = 2

    /// Writes all bytes; when the reader has closed the pipe, ends this process as SIGPIPE would
    /// have.
    public func write(_ bytes: [UInt8]) throws(SystemError) {
        // A message must not stop this process in the background (`stty tostop`).
        if self == .error { _ = stepvisor_block_in_thread(SIGTTOU) }
        defer { if self == .error { _ = stepvisor_unblock_in_thread(SIGTTOU) } }
        do {
            try FileBytes.write(
                bytes, to: rawValue,
                subject: self == .output ? "standard output" : "standard error")
        } catch  where error.code == EPIPE && self == .output {
            ProcessSetup.die(by: SIGPIPE)
        }
    }

    /// Whether a person could be asked: standard input is a terminal.
    public static var isInputTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// Whether it is a terminal.
    public var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Width of the terminal in columns; nil without one.
    public var columns: Int? {
        var columns: Int32 = 0
        var rows: Int32 = 0
        guard isTerminal, stepvisor_terminal_size(rawValue, &columns, &rows) == 0 else {
            return nil
        }
        return columns > 0 ? Int(columns) : nil
    }
}
