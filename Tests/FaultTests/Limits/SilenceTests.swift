import Execution
import Foundation
import Testing
import TestSupport

@Suite("Fault 39: limits of silence and of runs, with real processes", .timeLimit(.minutes(20)))
struct SilenceTests {
    @Test(
        "fault 39: a step that falls silent fails for it, one that goes on writing does not",
        arguments: ["file", "pipe"])
    func silence(log: String) throws {
        let space = try TestSpace()
        let writes = "for i in 1 2 3 4 5 6 7 8 9 10; do echo $i; sleep 0.4; done"
        let limit = "idle_timeout = \"2s\"\nlog = \"\(log)\"\ncritical = false"
        try space.workflow(
            TestSpace.step("writes", writes, limit)
                + TestSpace.step("silent", "echo first; exec sleep 60", limit)
                + TestSpace.step("mute", "exec sleep 60", limit))
        let result = try space.run("run", "--parallel", "-j", "3")
        #expect(result.code == 1, "\(result)")
        let run = try LatestRun(in: space)
        #expect(try run.step("writes").status == .complete)
        for id in ["silent", "mute"] {
            #expect(try run.step(id).reason == .timedOut(.idle, limitMilliseconds: 2000))
            #expect(try run.step(id).status == .failed)
            let took = try #require(try run.step(id).duration)
            #expect(took >= 2_000_000_000 && took < 12_000_000_000)
        }
        #expect(space.living.isEmpty)
    }

    @Test("fault 39: a run over its limit ends with 124, and nothing of it goes on")
    func run() throws {
        let space = try TestSpace()
        try space.workflow(
            "[execution]\nrun_timeout = \"1s\"\n"
                + TestSpace.step("long", "exec sleep 60")
                + TestSpace.step("later", "touch later", "dependencies = [\"long\"]"))
        let result = try space.run("run")
        #expect(result.code == 124, "\(result)")
        let run = try LatestRun(in: space)
        #expect(run.record.hitRunTimeout)
        #expect(try run.step("long").reason == .timedOut(.run, limitMilliseconds: 1000))
        #expect(try run.step("later").status == .skipped)
        #expect(!space.exists("later"))
        #expect(space.living.isEmpty)
    }
}
