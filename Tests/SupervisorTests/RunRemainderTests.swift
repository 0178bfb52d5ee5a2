import Execution
import Foundation
import Testing

@testable import Platform
@testable import Processes
@testable import StateStore
@testable import Supervisor

/// What is decided about processes and locks of a dead run, without one.
@Suite("What a dead run is known by")
struct RunRemainderTests {
    private static func environment(_ entries: String...) -> [UInt8] {
        entries.flatMap { Array($0.utf8) + [0] }
    }

    @Test(
        "a process belongs to every run that its environment names, and to no other",
        arguments: [
            (environment("A=1", "STEPVISOR_RUNS=r-1", "B=2"), true),
            (environment("STEPVISOR_RUNS=outer:r-1"), true),
            (environment("STEPVISOR_RUNS=r-1:inner"), true),
            (environment("STEPVISOR_RUNS=outer:r-1:inner"), true),
            (environment("STEPVISOR_RUNS=other", "STEPVISOR_RUNS=r-1"), true),
            (Array("STEPVISOR_RUNS=r-1".utf8), true),
            (environment("STEPVISOR_RUNS=r-10"), false),
            (environment("STEPVISOR_RUNS=xr-1"), false),
            (environment("STEPVISOR_RUNS=or-1:r-1x"), false),
            (environment("X_STEPVISOR_RUNS=r-1"), false),
            (environment("NOTE=STEPVISOR_RUNS=r-1"), false),
            (environment("STEPVISOR_RUN_ID=r-1"), false),
            (environment("STEPVISOR_RUNS="), false),
            ([], false),
        ])
    func cookie(environment: [UInt8], isCarrier: Bool) {
        #expect(RunMarker(run: "r-1").isCarried(by: environment) == isCarrier)
    }

    @Test(
        "a process is attributed to the step of the run that looks",
        arguments: [
            (environment("STEPVISOR_RUNS=r", "STEPVISOR_STEPS=s"), "s"),
            (environment("STEPVISOR_RUNS=o:r", "STEPVISOR_STEPS=a:s"), "s"),
            (environment("STEPVISOR_RUNS=r:i", "STEPVISOR_STEPS=s:deep"), "s"),
            (environment("STEPVISOR_RUNS=o:r:i", "STEPVISOR_STEPS=s:deep"), "s"),
            (environment("STEPVISOR_RUNS=r:i", "STEPVISOR_STEPS=deep"), nil),
            (environment("STEPVISOR_RUNS=other", "STEPVISOR_STEPS=s"), nil),
            (environment("STEPVISOR_STEPS=s"), nil),
        ])
    func step(environment: [UInt8], step: String?) {
        #expect(GroupWatch.step(in: environment, run: "r") == step)
    }

    private func header() -> RunHeader {
        RunHeader(
            runID: "r", workflow: "w", mode: .parallel, maxParallelSteps: 4,
            startedAt: WallTime(microseconds: 0), pid: 1, bootID: "b", tasks: [],
            steps: (0..<4).map { StepHeader(id: "s\($0)") })
    }

    private func journal(_ events: [(Int64, RunEvent.Kind)]) throws -> Journal {
        var encoder = JournalEncoder(header: header())
        var bytes: [UInt8] = []
        encoder.append(RunEvent(.runStarted(header()), at: .zero), to: &bytes)
        for (milliseconds, kind) in events {
            let time = RunTime(nanoseconds: milliseconds * 1_000_000)
            encoder.append(RunEvent(kind, at: time), to: &bytes)
        }
        return try JournalReader.read(bytes)
    }

    @Test("the groups that live are those that started and did not end")
    func groups() throws {
        let journal = try journal([
            (1, .launched(step: 0, attempt: 1, method: .primary, execution: 1)),
            (2, .started(step: 0, pid: 100, startTicks: 7)),
            (3, .started(step: 1, pid: 101, startTicks: 8)),
            (4, .ended(step: 0, StepEnd(status: .complete))),
            (5, .started(step: 2, pid: 102, startTicks: 9)),
            (6, .launched(step: 2, attempt: 2, method: .primary, execution: 4)),
            (7, .started(step: 3, pid: 1, startTicks: 9)),
        ])
        #expect(journal.livingGroups == [RecordedGroup(pid: 101, startTicks: 8)])
    }

    @Test("the last sign of life is the last event, counted from a step's start")
    func signOfLife() throws {
        let second = ProcessTable.ticks(in: 1_000_000_000)
        #expect(second > 0)
        let journal = try journal([
            (1000, .started(step: 0, pid: 100, startTicks: 5000)),
            (2000, .started(step: 1, pid: 101, startTicks: 5000 + second)),
            (5000, .warning(step: nil, "here")),
        ])
        #expect(Recovery.latestSignOfLife(journal) == 5000 + 4 * second)
        #expect(try Recovery.latestSignOfLife(self.journal([])) == 0)
    }

    @Test("what a holder notes is read back; a note with odd lines harms nobody")
    func notes() throws {
        let path = NSTemporaryDirectory() + "stepvisor-note-\(UUID().uuidString)"
        let file = try Descriptor.open(path, flags: O_RDWR | O_CREAT)
        defer { unlink(path) }
        #expect(LockNote(in: file.number) == LockNote(pid: nil))
        var note = LockNote(pid: 12, run: "r-1", alive: "/a b/=/alive")
        note.step = "s"
        note.since = "2026-01-01T00:00:00Z"
        try note.write(to: file.number)
        #expect(LockNote(in: file.number) == note)
        // Shorter than the one before, which is gone.
        try LockNote(pid: 3, alive: "/a\nrun=x").write(to: file.number)
        #expect(LockNote(in: file.number) == LockNote(pid: 3))
        ftruncate(file.number, 0)
        let odd = Array("pid=x\n=\nrun\nalive=\n\u{0}\nsince==\n".utf8)
        try FileBytes.write(odd, to: file.number, subject: path)
        var expected = LockNote(pid: nil)
        expected.since = "="
        #expect(LockNote(in: file.number).since == expected.since)
        #expect(!LockNote(in: file.number).hasSurvivors)
    }

    @Test("only a plain file that somebody has locked tells of a guardian")
    func alive() throws {
        let directory = NSTemporaryDirectory() + "stepvisor-alive-\(UUID().uuidString)"
        mkdir(directory, 0o700)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = "\(directory)/alive"
        #expect(!AliveFile.isHeld(at: path))
        let file = try Descriptor.open(path, flags: O_RDWR | O_CREAT)
        #expect(!AliveFile.isHeld(at: path))
        #expect(flock(file.number, LOCK_EX | LOCK_NB) == 0)
        #expect(AliveFile.isHeld(at: path))
        symlink(path, "\(directory)/link")
        #expect(!AliveFile.isHeld(at: "\(directory)/link"))
        mkfifo("\(directory)/fifo", 0o600)
        for name in ["fifo", "", "../.."] {
            #expect(!AliveFile.isHeld(at: "\(directory)/\(name)"))
        }
        #expect(!AliveFile.isHeld(at: "alive"))
        #expect(!AliveFile.isHeld(at: ""))
    }

    @Test("a signal reaches the process that is meant, and none that has its number")
    func signals() throws {
        let own = try #require(ProcessTable.facts(of: getpid()))
        #expect(ProcessTable.signal(getpid(), 0) { $0.identity == own.identity } == own)
        #expect(ProcessTable.signal(getpid(), 0) { $0.startTicks != own.startTicks } == nil)
        #expect(ProcessTable.signal(.max, SIGKILL) { _ in true } == nil)
    }
}
