package import Execution
package import Platform
import Processes

/// What the holder of a lock has written into the lock's file.
///
/// Who gives a lock back erases it. One that is left in a file that is not locked is of a holder
/// that died, whose processes may still be at work.
package struct LockNote: Equatable {
    package var pid: Int32?
    package var run: String?
    /// Absolute path of the run's `alive` file; nil for locks that do not end with a run.
    package var alive: String?
    package var step: String?
    package var since: String?

    package init(pid: Int32?, run: String? = nil, alive: String? = nil) {
        self.pid = pid
        self.run = run
        self.alive = alive
    }

    /// Reads the note; a holder that has not written it yet is nameless.
    package init(in number: Int32) {
        let text = String(
            decoding: FileBytes.read(number, offset: 0, limit: 8192), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = String(parts[1])
            switch parts[0] {
            case "pid": pid = Int32(value)
            case "run": run = value
            case "alive": alive = value
            case "step": step = value
            case "since": since = value
            default: break
            }
        }
    }

    /// Replaces what is in the file.
    package func write(to number: Int32) throws(SystemError) {
        let lines = [
            pid.map { "pid=\($0)\n" }, run.map { "run=\($0)\n" },
            // A path of several lines would read as other entries.
            alive.flatMap { $0.contains("\n") ? nil : "alive=\($0)\n" },
            step.map { "step=\($0)\n" }, since.map { "since=\($0)\n" },
        ]
        guard ftruncate(number, 0) == 0 else { throw SystemError("write", "lock note") }
        let bytes = Array(lines.compactMap { $0 }.joined().utf8)
        let count = bytes.withUnsafeBytes { pwrite(number, $0.baseAddress, $0.count, 0) }
        guard count == bytes.count else { throw SystemError("write", "lock note") }
    }

    package func holder(of resource: String, isEnding: Bool = false) -> LockHolder {
        LockHolder(
            resource: resource, pid: pid, runID: run, step: step, since: since, isEnding: isEnding)
    }

    /// Whether something of the run that left the note still lives: its guardian is at work, or
    /// has died too and left processes.
    package var hasSurvivors: Bool {
        guard let run, let alive, StateDirectory.isRunIdentifier(run) else { return false }
        return AliveFile.isHeld(at: alive) || RunMarker(run: run).hasCarriers
    }
}
