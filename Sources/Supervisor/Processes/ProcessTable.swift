import Execution
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What `/proc/PID/stat` says of a process.
package struct ProcessFacts: Hashable {
    package var pid: Int32
    package var parent: Int32
    package var group: Int32
    /// The number of its session, which is that of the process that began it.
    package var session: Int32 = 0
    /// `R`, `S`, `D`, `T`, `Z` and the like.
    package var state: UInt8
    /// Clock ticks since boot.
    package var startTicks: UInt64

    /// Threads that it has; the kernel calls a process dead whose first thread has ended, though
    /// others work on.
    var threads: UInt64 = 1

    /// Dead and only waiting to be reaped.
    package var isZombie: Bool {
        (state == UInt8(ascii: "Z") || state == UInt8(ascii: "X")) && threads <= 1
    }

    /// A thread of the kernel itself: of nobody's program.
    var isKernelThread = false

    /// Whether it may have an environment: neither dead nor a thread of the kernel.
    var hasEnvironment: Bool { !isZombie && !isKernelThread }

    /// What no other process has had since boot.
    struct Identity: Hashable {
        var pid: Int32
        var startTicks: UInt64
    }

    var identity: Identity { Identity(pid: pid, startTicks: startTicks) }
}

/// The kernel's table of processes, as far as `/proc` shows it (Linux; elsewhere it is empty).
package struct ProcessTable: ~Copyable {
    /// The list of this thread's children, kept open: reading it anew is one system call.
    private let childList: Int32

    /// The kernel lists children by thread: those of the first thread, which launches.
    init() {
        childList =
            ProcessView.isUsable
            ? stepvisor_open_at(AT_FDCWD, "/proc/self/task/\(getpid())/children", O_RDONLY, 0) : -1
    }

    deinit { if childList >= 0 { close(childList) } }

    /// All direct children, living and dead, orphans that were adopted included.
    ///
    /// Nil where the kernel does not tell (no CONFIG_PROC_CHILDREN).
    func children() -> [Int32]? {
        guard childList >= 0 else { return nil }
        var limit = 4096
        while true {
            // One call: the kernel makes the whole list anew for each, and gives all that fits.
            let bytes = FileBytes.readOnce(childList, limit: limit)
            if bytes.count == limit {
                limit *= 8
                continue
            }
            return ProcessTable.numbers(in: bytes)
        }
    }

    /// The direct children of any process; none where the kernel does not tell.
    static func children(of pid: Int32) -> [Int32] {
        guard ProcessView.isUsable else { return [] }
        return (DirectoryListing.names(of: "/proc/\(pid)/task") ?? []).flatMap { thread in
            numbers(in: FileBytes.contents(of: "/proc/\(pid)/task/\(thread)/children") ?? [])
        }
    }

    /// Numbers with blanks after them.
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

    /// What is known of one process; nil when there is none of that number.
    ///
    /// A search asks it of every process there is: one read, and no memory of its own.
    package static func facts(of pid: Int32) -> ProcessFacts? {
        guard ProcessView.isUsable else { return nil }
        let number = stepvisor_open_at(AT_FDCWD, "/proc/\(pid)/stat", O_RDONLY | O_NONBLOCK, 0)
        guard number >= 0 else { return nil }
        defer { close(number) }
        return withUnsafeTemporaryAllocation(byteCount: 2048, alignment: 1) { buffer in
            var count: Int
            repeat {
                count = Platform.read(number, buffer.baseAddress, buffer.count - 1)
            } while count < 0 && errno == EINTR
            guard count > 0 else { return nil }
            buffer[count] = 0
            return buffer.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.flatMap { facts(of: pid, stat: $0) }
            }
        }
    }

    /// Reads the text of `/proc/PID/stat`, which ends with a byte 0.
    private static func facts(of pid: Int32, stat text: UnsafePointer<CChar>) -> ProcessFacts? {
        // The name in parentheses may hold anything, parentheses too: the last one ends it.
        guard let nameEnd = strrchr(text, Int32(UInt8(ascii: ")"))), strlen(nameEnd) > 4 else {
            return nil
        }
        // proc(5): behind the name comes the state (3).
        let state = UInt8(bitPattern: nameEnd[2])
        var next = UnsafePointer(nameEnd + 3)
        func number() -> UInt64? {
            var end: UnsafeMutablePointer<CChar>?
            // Below 0 is only the terminal's foreground group of a process without a terminal.
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
        // The 22nd is the start time.
        guard let startTicks = number() else { return nil }
        return ProcessFacts(
            pid: pid, parent: Int32(truncatingIfNeeded: parent),
            group: Int32(truncatingIfNeeded: group), session: Int32(truncatingIfNeeded: session),
            state: state, startTicks: startTicks, threads: threads,
            isKernelThread: flags & kernelThreadFlag != 0)
    }

    /// PF_KTHREAD of the kernel's `sched.h`.
    private static let kernelThreadFlag: UInt64 = 0x0020_0000

    /// All processes that live; costs as much as a short step, so only when something is left.
    static func living() -> [ProcessFacts] {
        identifiers().compactMap { pid in
            guard let facts = facts(of: pid), !facts.isZombie else { return nil }
            return facts
        }
    }

    /// The numbers of all processes, the highest first.
    static func identifiers() -> [Int32] {
        guard ProcessView.isUsable else { return [] }
        return (DirectoryListing.names(of: "/proc") ?? []).compactMap { Int32($0) }.sorted(by: >)
    }

    /// Signals a living process if it is the one that is meant, and never one that has got its
    /// number since it was looked at.
    ///
    /// - Parameters:
    ///   - pid: its number.
    ///   - signal: what it is sent.
    ///   - isMeant: asked once the process cannot be mistaken any more.
    /// - Returns: what was known of it before the signal; nil when there is none, or it is not meant.
    static func signal(
        _ pid: Int32, _ signal: Int32, when isMeant: (ProcessFacts) -> Bool
    ) -> ProcessFacts? {
        let handle = stepvisor_pidfd_open(pid)
        // Where there is no such thing, only the look before is left.
        guard handle >= 0 || errno != ESRCH else { return nil }
        defer { if handle >= 0 { close(handle) } }
        guard let facts = facts(of: pid), !facts.isZombie, isMeant(facts) else { return nil }
        if handle < 0 || stepvisor_pidfd_signal(handle, signal) == -1 && errno == ENOSYS {
            _ = Platform.kill(pid, signal)
        }
        return facts
    }

    /// The most memory that this program has had resident, KiB.
    ///
    /// Not `getrusage`, which counts what the parent had before this program's own `exec`.
    static func ownPeakMemoryKiB() -> Int64 {
        let status = String(
            decoding: FileBytes.contents(of: "/proc/self/status", limit: 1 << 14) ?? [],
            as: UTF8.self)
        for line in status.split(separator: "\n") where line.hasPrefix("VmHWM:") {
            return Int64(line.dropFirst(6).filter(\.isNumber)) ?? .max
        }
        return .max
    }

    /// The clock by which the kernel notes when a process starts; 0 where it is not known.
    static func ticksSinceBoot() -> UInt64 {
        #if os(Linux)
            var time = timespec()
            clock_gettime(CLOCK_BOOTTIME, &time)
            let nanoseconds = UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
            return nanoseconds / (1_000_000_000 / ticksPerSecond)
        #else
            return 0
        #endif
    }

    /// Whole ticks of that clock in a span of time.
    static func ticks(in nanoseconds: Int64) -> UInt64 {
        UInt64(max(0, nanoseconds)) / (1_000_000_000 / ticksPerSecond)
    }

    private static let ticksPerSecond = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))

    /// Names a process for the record.
    static func leftover(_ facts: ProcessFacts) -> Leftover {
        let now = ticksSinceBoot()
        let ticks = now > facts.startTicks ? now - facts.startTicks : 0
        let age = Int64(clamping: ticks * 1000 / ticksPerSecond)
        return Leftover(pid: facts.pid, command: command(of: facts.pid), ageMilliseconds: age)
    }

    /// The command line with blanks between the arguments; the kernel's name where there is none.
    package static func command(of pid: Int32) -> String {
        // A process in exec briefly shows none: it is looked at again.
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

    /// Whether a process shows the words that it was started with, as all but those in exec do.
    static func hasCommandLine(_ pid: Int32) -> Bool {
        FileBytes.contents(of: "/proc/\(pid)/cmdline", limit: 1)?.isEmpty == false
    }

    /// This boot's id and this PID namespace's, by which a recorded process id is told from a
    /// stranger's; "" if unknown.
    static func bootIdentifier() -> String {
        let boot = ownBoot
        return boot.isEmpty ? "" : "\(boot) \(ProcessView.namespace)"
    }

    /// Whether numbers that were recorded under an identifier are numbers of this boot and this PID
    /// namespace; earlier versions recorded the boot alone.
    static func isHere(_ identifier: String) -> Bool {
        identifier == bootIdentifier() || !identifier.isEmpty && identifier == ownBoot
    }

    private static var ownBoot: String {
        let bytes = FileBytes.contents(of: "/proc/sys/kernel/random/boot_id", limit: 64) ?? []
        return String(decoding: bytes.filter { $0 > 0x20 }, as: UTF8.self)
    }
}
