import Foundation
import TestSupport

@testable import Platform
@testable import Processes
@testable import Supervisor

/// The processes of a run, seen from outside.
struct RunRemains {
    let run: String

    /// Who carries the run's cookie and is not dead.
    var carriers: [Int32] {
        var found: [Int32] = []
        RunMarker(run: run).forEachCarrier { pid in
            if RunRemains.lives(pid) { found.append(pid) }
        }
        return found
    }

    /// The run's guardian, when it is at its post.
    var guardian: Int32? {
        ProcessTable.identifiers().first { pid in
            let line = FileBytes.contents(of: "/proc/\(pid)/cmdline", limit: 4096) ?? []
            let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            guard words.count == 3, words[1] == "guardian-of", words[2] == run else { return false }
            // Before that it still has the signals of who started it.
            return RunRemains.lives(pid) && RunRemains.blocksSignals(pid)
        }
    }

    /// Kills stepvisor and its guardian, of which neither is to notice the other's death.
    func orphan(_ stepvisor: RunningCommand) {
        stepvisor.signal(SIGSTOP)
        if let guardian { kill(guardian, SIGKILL) }
        stepvisor.signal(SIGKILL)
    }

    /// Kills both, and is in the guardian's place until the value is let go: a guardian that is
    /// stopped would be woken by the kernel when its parent dies.
    func orphan(_ stepvisor: RunningCommand, guarding path: String) -> FileHandle? {
        stepvisor.signal(SIGSTOP)
        if let guardian { kill(guardian, SIGKILL) }
        defer { stepvisor.signal(SIGKILL) }
        let number = open("\(path)/.stepvisor/runs/\(run)/alive", O_RDWR | O_CLOEXEC)
        guard number >= 0 else { return nil }
        let file = FileHandle(fileDescriptor: number, closeOnDealloc: true)
        return TestSpace.wait { flock(number, LOCK_EX | LOCK_NB) == 0 } ? file : nil
    }

    /// Ends everything, as often as it takes: a shell whose child is killed starts the next one.
    func clear() {
        _ = TestSpace.wait {
            let left = carriers
            for pid in left { kill(pid, SIGKILL) }
            return left.isEmpty
        }
    }

    /// Whether there is a process of this number that is not dead.
    static func lives(_ pid: Int32) -> Bool {
        ProcessTable.facts(of: pid).map { !$0.isZombie } ?? false
    }

    private static func blocksSignals(_ pid: Int32) -> Bool {
        let status = String(
            decoding: FileBytes.contents(of: "/proc/\(pid)/status") ?? [], as: UTF8.self)
        return status.contains("SigBlk:\tfffffffe")
    }
}

extension TestSpace {
    /// The latest run of the project in the directory, once there is one.
    func latestRun(in directory: String = "") -> RunRemains? {
        let link = path(directory.isEmpty ? ".stepvisor/latest" : "\(directory)/.stepvisor/latest")
        guard let text = try? FileManager.default.destinationOfSymbolicLink(atPath: link) else {
            return nil
        }
        return RunRemains(run: (text as NSString).lastPathComponent)
    }

    /// The latest run's journal.
    func journal(in directory: String = "") -> String {
        text((directory.isEmpty ? "" : directory + "/") + ".stepvisor/latest/events.ndjson")
    }

    /// A number that a step has written, once it is whole.
    func number(_ name: String) -> Int32? {
        let text = text(name)
        return text.hasSuffix("\n") ? Int32(text.dropLast()) : nil
    }
}
