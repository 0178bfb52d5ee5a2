package import Execution
import Platform
import SystemCalls

/// The content of `/proc/PID/stat` for a process.
package struct ProcessFacts: Hashable {
    package var pid: Int32
    package var parent: Int32
    package var group: Int32
    /// The session id: the process id of the session leader.
    package var session: Int32 = 0
    /// `R`, `S`, `D`, `T`, `Z` and others.
    package var state: UInt8
    /// Start time in clock ticks since boot.
    package var startTicks: UInt64

    /// Number of threads; the kernel reports a process as dead when its first thread has ended,
    /// though others still run.
    var threads: UInt64 = 1

    /// Whether it is dead and only waits to be reaped.
    package var isZombie: Bool {
        (state == UInt8(ascii: "Z") || state == UInt8(ascii: "X")) && threads <= 1
    }

    /// Whether it is a kernel thread, which runs no program.
    var isKernelThread = false

    /// Whether it may have an environment: neither dead nor a kernel thread.
    package var hasEnvironment: Bool { !isZombie && !isKernelThread }

    /// A combination that is unique since boot.
    package struct Identity: Hashable {
        package var pid: Int32
        package var startTicks: UInt64
    }

    package var identity: Identity { Identity(pid: pid, startTicks: startTicks) }
}

/// The kernel's process table, as far as `/proc` shows it (Linux; empty elsewhere).
package struct ProcessTable: ~Copyable {
    /// The list of this thread's children, kept open: reading it again is one system call.
    private let childList: Int32

    /// The kernel lists children by thread; this opens the list of the first thread, which
    /// launches.
    package init() {
        childList =
            ProcessView.isUsable
            ? stepvisor_open_at(AT_FDCWD, "/proc/self/task/\(getpid())/children", O_RDONLY, 0) : -1
    }

    deinit { if childList >= 0 { close(childList) } }

    /// All direct children, living and dead, including adopted orphans.
    ///
    /// Nil when the kernel has no such list (no CONFIG_PROC_CHILDREN).
    package func children() -> [Int32]? {
        guard childList >= 0 else { return nil }
        var limit = 4096
        while true {
            // One call: the kernel builds the whole list for each read, and returns all that fits.
            let bytes = FileBytes.readOnce(childList, limit: limit)
            if bytes.count == limit {
                limit *= 8
                continue
            }
            return ProcessTable.numbers(in: bytes)
        }
    }

    /// The direct children of any process; none when the kernel has no such list.
    package static func children(of pid: Int32) -> [Int32] {
        guard ProcessView.isUsable else { return [] }
        return (DirectoryListing.names(of: "/proc/\(pid)/task") ?? []).flatMap { thread in
            numbers(in: FileBytes.contents(of: "/proc/\(pid)/task/\(thread)/children") ?? [])
        }
    }

    /// Parses numbers that are followed by blanks.
    private static func numbers(in bytes: [UInt8]) -> [Int32] {
        var numbers: [Int32] = []
        var value: Int32 = 0
        for byte in bytes {
            if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                value = value &* 10 &+ Int32(byte - UInt8(ascii: "0"))
            } else {
                if value > 0 { numbers.append(value) }
                value = 0
            }
        }
        if value > 0 { numbers.append(value) }
        return numbers
    }

    /// The facts of one process; nil when it does not exist.
    ///
    /// A search calls this for every process: it takes one read, and allocates nothing.
    package static func facts(of pid: Int32) -> ProcessFacts? {
        guard ProcessView.isUsable else { return nil }
        let number = stepvisor_open_at(AT_FDCWD, "/proc/\(pid)/stat", O_RDONLY | O_NONBLOCK, 0)
        guard number >= 0 else { return nil }
        defer { close(number) }
        return withUnsafeTemporaryAllocation(byteCount: 2048, alignment: 1) { buffer in
            var count: Int
            repeat {
                count = LibC.read(number, buffer.baseAddress, buffer.count - 1)
            } while count < 0 && errno == EINTR
            guard count > 0 else { return nil }
            buffer[count] = 0
            return buffer.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.flatMap { facts(of: pid, stat: $0) }
            }
        }
    }

    /// Parses the text of `/proc/PID/stat`, which ends with a byte 0.
    private static func facts(of pid: Int32, stat text: UnsafePointer<CChar>) -> ProcessFacts? {
        // The name in parentheses may contain anything, even parentheses: the last one ends it.
        guard let nameEnd = strrchr(text, Int32(UInt8(ascii: ")"))), strlen(nameEnd) > 4 else {
            return nil
        }
        // proc(5): the state (field 3) follows the name.
        let state = UInt8(bitPattern: nameEnd[2])
        var next = UnsafePointer(nameEnd + 3)
        func number() -> UInt64? {
            var end: UnsafeMutablePointer<CChar>?
            // Negative only for the foreground group of a process without a terminal.
            let value = strtoll(next, &end, 10)
            guard let end, end != next else { return nil }
            next = UnsafePointer(end)
            return UInt64(bitPattern: Int64(value))
        }
        func skip(_ count: Int) {
            for _ in 0..<count { _ = number() }
        }
        guard let parent = number(), let group = number(), let session = number() else {
            return nil
        }
        skip(2)
        guard let flags = number() else { return nil }
        skip(10)
        guard let threads = number() else { return nil }
        skip(1)
        // Field 22 is the start time.
        guard let startTicks = number() else { return nil }
        return ProcessFacts(
            pid: pid, parent: Int32(truncatingIfNeeded: parent),
            group: Int32(truncatingIfNeeded: group), session: Int32(truncatingIfNeeded: session),
            state: state, startTicks: startTicks, threads: threads,
            isKernelThread: flags & kernelThreadFlag != 0)
    }

    /// PF_KTHREAD of the kernel's `sched.h`.
    private static let kernelThreadFlag: UInt64 = 0x0020_0000

    /// All living processes; costs as much as a short step, so it is called only when something is
    /// left.
    package static func living() -> [ProcessFacts] {
        identifiers().compactMap { pid in
            guard let facts = facts(of: pid), !facts.isZombie else { return nil }
            return facts
        }
    }

    /// The ids of all processes, the highest first.
    static func identifiers() -> [Int32] {
        guard ProcessView.isUsable else { return [] }
        return (DirectoryListing.names(of: "/proc") ?? []).compactMap { Int32($0) }.sorted(by: >)
    }

    /// Signals a living process if it is the intended one, and never another that got its number
    /// meanwhile.
    ///
    /// - Parameters:
    ///   - pid: its process id.
    ///   - signal: the signal.
    ///   - isMeant: called once the process can no longer be confused with another.
    /// - Returns: the facts before the signal; nil when the process does not exist or is not
    ///   intended.
    package static func signal(
        _ pid: Int32, _ signal: Int32, when isMeant: (ProcessFacts) -> Bool
    ) -> ProcessFacts? {
        let handle = stepvisor_pidfd_open(pid)
        // Without pidfds, only the check before the signal is left.
        guard handle >= 0 || errno != ESRCH else { return nil }
        defer { if handle >= 0 { close(handle) } }
        guard let facts = facts(of: pid), !facts.isZombie, isMeant(facts) else { return nil }
        if handle < 0 || stepvisor_pidfd_signal(handle, signal) == -1 && errno == ENOSYS {
            _ = LibC.kill(pid, signal)
        }
        return facts
    }

    /// The peak resident memory of this program, KiB.
    ///
    /// Not `getrusage`, which includes the parent's memory before this program's own `exec`.
    static func ownPeakMemoryKiB() -> Int64 {
        let status = String(
            decoding: FileBytes.contents(of: "/proc/self/status", limit: 1 << 14) ?? [],
            as: UTF8.self)
        for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") {
            return Int64(line.dropFirst(6).filter(\.isNumber)) ?? .max
        }
        return .max
    }

    /// The clock with which the kernel records process starts, in ticks; 0 when unknown.
    package static func ticksSinceBoot() -> UInt64 {
        #if os(Linux)
            var time = timespec()
            clock_gettime(CLOCK_BOOTTIME, &time)
            let nanoseconds = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
            return nanoseconds / (1_000_000_000 / ticksPerSecond)
        #else
            return 0
        #endif
    }

    /// Whole ticks of that clock in a number of nanoseconds.
    package static func ticks(in nanoseconds: Int64) -> UInt64 {
        UInt64(max(0, nanoseconds)) / (1_000_000_000 / ticksPerSecond)
    }

    private static let ticksPerSecond = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))

    /// A process as the record describes it.
    package static func leftover(_ facts: ProcessFacts) -> Leftover {
        let now = ticksSinceBoot()
        let ticks = now > facts.startTicks ? now - facts.startTicks : 0
        let age = Int64(clamping: ticks * 1000 / ticksPerSecond)
        return Leftover(pid: facts.pid, command: command(of: facts.pid), ageMilliseconds: age)
    }

    /// The command line with blanks between the arguments; the kernel's name when there is none.
    package static func command(of pid: Int32) -> String {
        // A process in exec briefly shows none, so check again.
        for round in 0..<4 {
            if round > 0 { usleep(500) }
            guard var bytes = FileBytes.contents(of: "/proc/\(pid)/cmdline", limit: 4096) else {
                break
            }
            while bytes.last == 0 { bytes.removeLast() }
            guard !bytes.isEmpty else { continue }
            return String(decoding: bytes.map { $0 == 0 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
        }
        let name = FileBytes.contents(of: "/proc/\(pid)/comm", limit: 64) ?? []
        return String(decoding: name.filter { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    /// Whether a process shows its command line, as all do except those in exec.
    static func hasCommandLine(_ pid: Int32) -> Bool {
        FileBytes.contents(of: "/proc/\(pid)/cmdline", limit: 1)?.isEmpty == false
    }

    /// The id of this boot and of this PID namespace; together with them a recorded process id is
    /// unambiguous; "" if unknown.
    package static func bootIdentifier() -> String {
        let boot = ownBoot
        return boot.isEmpty ? "" : "\(boot) \(ProcessView.namespace)"
    }

    /// Whether process ids recorded under an identifier belong to this boot and this PID namespace;
    /// earlier versions recorded only the boot.
    package static func isHere(_ identifier: String) -> Bool {
        identifier == bootIdentifier() || !identifier.isEmpty && identifier == ownBoot
    }

    private static var ownBoot: String {
        let bytes = FileBytes.contents(of: "/proc/sys/kernel/random/boot_id", limit: 64) ?? []
        return String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)
    }
}
