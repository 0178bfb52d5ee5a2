import Testing
import WorkflowModel

@testable import Execution

@Suite("Scheduler: a shell that cannot go on")
struct SchedulerFaultTests {
    private static let fault = SchedulerInput.faulted(
        RunFault(reason: "full", error: "cannot write `x`: full"))

    private func scene() throws -> Scene {
        var scene = try Scene {
            $0.step("a") { $0.grace = Milliseconds(4000) }
            $0.step("b", after: ["a"])
            $0.step("clean") { $0.gating.always = true }
        }
        _ = scene.did()
        return scene
    }

    @Test("what runs gets TERM, what waits never starts, and both say why; no signal is told")
    func stops() throws {
        var scene = try scene()
        scene.send(Self.fault, at: 10)
        scene.send(Self.fault, at: 11)
        scene.die("a", of: 15, at: 12)
        scene.exit("clean", at: 13)
        #expect(
            scene.didInFull().filter { !$0.contains("started") && !$0.contains("launched") } == [
                "record fault: full", "record terminating a 15 stopped: full", "signal a 15",
                "a aborted stopped: full", "b skipped stopped: full", "finalizing",
                "launch clean 2", "clean complete", "record run ended aborted", "finish aborted",
            ])
    }

    @Test("a signal that comes after it hurries, as a second signal does")
    func hurried() throws {
        var scene = try scene()
        scene.send(Self.fault, at: 10)
        scene.send(.signal(2), at: 20)
        scene.pass(to: 2000)
        #expect(scene.didAt() == ["10 signal a 15", "20 signal a 15", "1020 signal a 9"])
    }

    @Test("the reason of a step is what came first")
    func order() throws {
        var scene = try scene()
        scene.send(.signal(15), at: 10)
        scene.send(Self.fault, at: 11)
        scene.die("a", of: 15, at: 12)
        #expect(scene.did().contains("a aborted interrupted 15"))

        scene = try self.scene()
        scene.send(Self.fault, at: 10)
        scene.send(.signal(15), at: 11)
        scene.die("a", of: 15, at: 12)
        #expect(scene.did().contains("a aborted stopped: full"))
    }

    @Test("the record is aborted with exit code 5, whatever signal came too, and tells the reason")
    func record() {
        var record = RunRecord(header: RunRecordSample.header)
        for (time, kind) in [
            (1, .launched(step: 0, attempt: 1, method: .primary, execution: 1)),
            (2, .faulted(RunFault(reason: "full", error: "cannot write `x`: full"))),
            (2, .stopping(signal: 15)),
            (3, .ended(step: 0, StepEnd(status: .aborted, reason: .faulted("full")))),
            (3, .runEnded(.aborted)),
        ] as [(Int64, RunEvent.Kind)] {
            record.apply(RunEvent(kind, at: RunTime(milliseconds: time)))
        }
        #expect(record.exitCode == 5)
        #expect(record.reasonText(of: 0) == "stopped: full")
        var document = ProgressDocument(header: record.header)
        let text = String(decoding: document.bytes(of: record, at: .zero), as: UTF8.self)
        #expect(
            text.contains(
                #""event":"faulted","reason":"full","error":"cannot write `x`: full""#), "\(text)")
        #expect(text.contains(#""reason":"stopped: full","reason_code":"faulted""#))
    }
}
