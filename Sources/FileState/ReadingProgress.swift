import Execution
import Processes
import Synchronization

/// Tells what is read, and how much of it has been, where reading files takes long.
///
/// The reader reports as it goes on; the first report is shown after a second, further ones from time
/// to time.
package final class ReadingProgress: Sendable {
    private struct State {
        var subject = ""
        var total: Int64 = 0
        var done: Int64 = 0
        var begin: RunTime?
        var told: RunTime?
    }

    private let state = Mutex(State())
    private let clock = RunClock()
    private let tell: @Sendable (String) -> Void

    private static let patience: Int64 = 1_000_000_000
    private static let pause: Int64 = 10_000_000_000

    /// Takes the lines that it makes; names in them are not escaped yet.
    package init(_ tell: @escaping @Sendable (String) -> Void) { self.tell = tell }

    /// So many bytes are about to be read.
    package func begin(_ subject: String, total: Int64) {
        state.withLock {
            $0 = State(subject: subject, total: total, begin: clock.now())
        }
    }

    /// So many more bytes of a file have been read.
    func advance(_ path: [UInt8], by count: Int) {
        let now = clock.now()
        let line: String? = state.withLock { state in
            state.done &+= Int64(count)
            guard let begin = state.begin, now - begin >= Self.patience,
                state.told.map({ now - $0 >= Self.pause }) ?? true
            else { return nil }
            state.told = now
            let (done, total) = ByteText.pair(state.done, max(state.total, state.done))
            return "reading \(state.subject): \(String(decoding: path, as: UTF8.self)), "
                + "\(done) of \(total)"
        }
        if let line { tell(line) }
    }

    /// All has been read.
    package func end() { state.withLock { $0.begin = nil } }
}

/// Sizes for people.
private enum ByteText {
    /// Two sizes in the unit of the second: `1.2` and `4.0 GB`.
    static func pair(_ part: Int64, _ whole: Int64) -> (String, String) {
        let (unit, name): (Int64, String) =
            whole >= 1_000_000_000 ? (1_000_000_000, "GB") : (1_000_000, "MB")
        return (text(part, unit), "\(text(whole, unit)) \(name)")
    }

    private static func text(_ size: Int64, _ unit: Int64) -> String {
        let tenths = size / (unit / 10)
        return "\(tenths / 10).\(tenths % 10)"
    }
}
