import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Copies a step's output from a pipe into its log, for steps that would otherwise reopen (and so
/// truncate) the log through `/dev/stdout` or `/dev/stderr`.
final class OutputPump {
    /// The reading end, non-blocking.
    let source: Descriptor
    private let log: Descriptor
    private let path: String
    /// Whether the last call of `copy` had something to copy.
    private(set) var hasCopied = false

    init(source: consuming Descriptor, log: consuming Descriptor, path: String) {
        self.source = source
        self.log = log
        self.path = path
    }

    /// Copies what is there now.
    ///
    /// - Returns: false at the end of the output.
    /// - Throws: when the log cannot be written.
    func copy() throws(SystemError) -> Bool {
        hasCopied = false
        var buffer = [UInt8](repeating: 0, count: 65_536)
        // Bounded, so that one loud step cannot hold the loop.
        for _ in 0..<16 {
            let count = buffer.withUnsafeMutableBytes {
                Platform.read(source.number, $0.baseAddress, $0.count)
            }
            if count == 0 { return false }
            if count < 0 {
                if errno == EINTR { continue }
                return true
            }
            hasCopied = true
            try FileBytes.write(Array(buffer[..<count]), to: log.number, subject: path)
        }
        return true
    }
}
