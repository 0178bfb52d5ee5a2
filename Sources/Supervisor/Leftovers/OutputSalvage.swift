import Platform
import Processes
import SystemCalls
import WorkflowModel

/// Copies what is still in the pipes of steps into the logs after their stepvisor has died.
///
/// A step has its own pipe open for reading too, so nothing is lost as long as one of its processes
/// exists, even a stopped one. Before those processes are ended, the same pipes are opened through
/// `/proc`. The pipe of an inner run's step is left to whatever ends that run.
final class OutputSalvage {
    private let run: String
    /// The directory of the logs; -1 when it no longer exists.
    private let logs: Int32
    /// Pipes by their inode number.
    private var pipes: [String: OpenPipe] = [:]

    private struct OpenPipe {
        var source: Int32
        var log: Int32
    }

    /// Opens the pipes of a run's processes, which are stopped, and copies what is in them.
    ///
    /// - Parameters:
    ///   - run: the run's id.
    ///   - directory: its open directory.
    ///   - carriers: its processes, and those of inner runs.
    init(run: String, directory: Int32, from carriers: [Int32]) {
        self.run = run
        let logs = try? PrivateFile.directory("logs", in: directory, shown: "logs", create: false)
        self.logs = logs?.release() ?? -1
        for pid in carriers { hold(pid) }
        copy()
    }

    deinit {
        for pipe in pipes.values {
            close(pipe.source)
            close(pipe.log)
        }
        if logs >= 0 { close(logs) }
    }

    /// Opens the pipes of one process, if the innermost run to which it belongs is this one.
    private func hold(_ pid: Int32) {
        guard logs >= 0,
            let environment = FileBytes.contents(of: "/proc/\(pid)/environ", limit: 1 << 21),
            GroupWatch.list(RunMarker.variable, in: environment).last == run[...],
            let step = GroupWatch.step(in: environment, run: run)
        else { return }
        hold(pid, of: step)
    }

    /// Opens the pipes of a process whose step is known.
    private func hold(_ pid: Int32, of step: String) {
        for name in DirectoryListing.names(of: "/proc/\(pid)/fd") ?? [] {
            let path = "/proc/\(pid)/fd/\(name)"
            // Only the pipes of steps are open for both; those between the programs of a step are
            // not.
            guard let kind = SymbolicLink.target(of: path), kind.hasPrefix("pipe:["),
                pipes[kind] == nil, OutputSalvage.isOpenForBoth(pid, name),
                let log = openLog(of: step)
            else { continue }
            let source = LibC.open(path, O_RDONLY | O_NONBLOCK)
            guard source >= 0 else {
                close(log)
                continue
            }
            pipes[kind] = OpenPipe(source: source, log: log)
        }
    }

    /// Copies what is in the open pipes.
    func copy() {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 4096)
        defer { buffer.deallocate() }
        for pipe in pipes.values {
            // Bounded, in case a process writes faster than this loop reads.
            for _ in 0..<64 {
                let count = LibC.read(pipe.source, buffer.baseAddress, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                _ = FileBytes.write(
                    UnsafeRawBufferPointer(rebasing: buffer[..<count]), to: pipe.log)
            }
        }
    }

    private func openLog(of step: String) -> Int32? {
        // A process can change its environment, so the value is not trusted.
        guard StepID.isValid(step) else { return nil }
        let log = try? PrivateFile.open(
            "\(step).log", in: logs, flags: O_WRONLY | O_APPEND, shown: "\(step).log")
        return log?.release()
    }

    private static func isOpenForBoth(_ pid: Int32, _ name: String) -> Bool {
        let bytes = FileBytes.contents(of: "/proc/\(pid)/fdinfo/\(name)", limit: 4096) ?? []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard line.starts(with: "flags:".utf8) else { continue }
            let digits = line.dropFirst(6).filter { (0x30...0x37).contains($0) }
            let flags = Int32(String(decoding: digits, as: UTF8.self), radix: 8) ?? 0
            return flags & O_ACCMODE == O_RDWR
        }
        return false
    }
}
