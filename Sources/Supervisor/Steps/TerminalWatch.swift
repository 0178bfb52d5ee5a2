import Execution
import Platform
import Processes
import SystemCalls

/// Notices processes that wait for a terminal which they will never get.
///
/// Steps are background process groups of the terminal's session. One that reads the terminal is
/// stopped by the kernel, and with it its whole group, so the leader's state mostly tells; where
/// the leader catches that signal, its group is looked at. A step that stops by STOP or TSTP does
/// so by its own will.
struct TerminalWatch {
    private static let signals: [Int32] = [SIGTTIN, SIGTTOU]
    /// How often groups are looked at, nanoseconds.
    private static let groupInterval: Int64 = 1_000_000_000

    /// Without one, the kernel stops nobody for it.
    private let hasTerminal: Bool
    private var lastGroupLook = RunTime.zero
    private var told: Set<Int> = []

    init() {
        let terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        hasTerminal = terminal >= 0
        if terminal >= 0 { close(terminal) }
    }

    /// The step has ended.
    mutating func remove(_ step: Int) {
        if !told.isEmpty { told.remove(step) }
    }

    /// Steps that were stopped for the terminal and had not been before, with the signal.
    ///
    /// - Parameters:
    ///   - leaders: process ids of the living leaders, by step.
    ///   - now: the present moment.
    /// - Returns: each step at most once.
    mutating func stopped(
        _ leaders: [(step: Int, pid: Int32)], at now: RunTime
    ) -> [(step: Int, signal: Int32)] {
        var stopped = leaders.compactMap { leader -> (step: Int, signal: Int32)? in
            let signal = stepvisor_stop_signal(leader.pid)
            return TerminalWatch.signals.contains(signal) ? (leader.step, signal) : nil
        }
        if hasTerminal, now - lastGroupLook >= TerminalWatch.groupInterval {
            lastGroupLook = now
            stopped += membersStopped(leaders)
        }
        return stopped.filter { told.insert($0.step).inserted }
    }

    /// Steps whose leader catches the signal, and of which another process was stopped by it.
    private func membersStopped(
        _ leaders: [(step: Int, pid: Int32)]
    ) -> [(step: Int, signal: Int32)] {
        let mask = TerminalWatch.signals.reduce(UInt64(0)) { $0 | 1 << UInt64($1 - 1) }
        let catching = leaders.filter {
            ProcessTable.signalFacts(of: $0.pid).map { $0.caught & mask != 0 } ?? false
        }
        if catching.isEmpty { return [] }
        let living = ProcessTable.living()
        return catching.compactMap { leader in
            for member in GroupWatch.members(of: leader.pid, among: living)
            where member.state == UInt8(ascii: "T") {
                let signal = ProcessTable.signalFacts(of: member.pid)?.stoppedBy ?? 0
                if TerminalWatch.signals.contains(signal) { return (leader.step, signal) }
            }
            return nil
        }
    }
}

extension ProcessTable {
    /// Which signals a process catches, as a mask, and which one it is stopped by (0 when by none,
    /// or where the kernel is too old to say).
    static func signalFacts(of pid: Int32) -> (caught: UInt64, stoppedBy: Int32)? {
        guard ProcessView.isUsable,
            let bytes = FileBytes.contents(of: "/proc/\(pid)/stat", limit: 4096),
            let nameEnd = bytes.lastIndex(of: UInt8(ascii: ")")), nameEnd + 4 < bytes.count
        else { return nil }
        let fields = bytes[(nameEnd + 4)...].split(separator: UInt8(ascii: " "))
        // proc(5): the first of these is ppid (4); sigcatch is 34, exit_code 52.
        guard fields.count > 30 else { return nil }
        func number(_ index: Int) -> UInt64 {
            guard fields.indices.contains(index) else { return 0 }
            return UInt64(String(decoding: fields[index], as: UTF8.self).filter(\.isNumber)) ?? 0
        }
        let isStopped = bytes[nameEnd + 2] == UInt8(ascii: "T")
        // Since Linux 5.17 a stopped process has the signal where a dead one has its status.
        return (number(30), isStopped ? Int32(truncatingIfNeeded: number(48)) : 0)
    }
}
