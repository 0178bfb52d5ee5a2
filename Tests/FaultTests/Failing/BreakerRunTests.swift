import Execution
import Foundation
import Testing
import TestSupport

@Suite("A breaker keeps steps from a resource that is down", .timeLimit(.minutes(20)))
struct BreakerRunTests {
    /// Five steps that take a resource, and a sixth that does not; each notes that it runs.
    private func run(
        breaker: String, failing: Set<Int>
    ) throws -> (space: TestSpace, result: CommandResult) {
        let space = try TestSpace()
        try space.workflow(
            "[resources]\napi = { capacity = 1, breaker = { failures = 2, \(breaker) } }\n"
                + (1...5).map { number in
                    TestSpace.step(
                        "s\(number)",
                        "echo s\(number) >> ran; exit \(failing.contains(number) ? 3 : 0)",
                        "resources_required = [\"api\"]\ncritical = false")
                }.joined() + TestSpace.step("free", "echo free >> ran"))
        return (space, try space.run("run"))
    }

    private func phases(_ run: LatestRun) -> [BreakerPhase] {
        run.events.compactMap { event in
            if case .breakerChanged("api", let phase, _) = event.kind { phase } else { nil }
        }
    }

    @Test("after two failures in a row steps wait until it has cooled down; a success closes it")
    func waits() throws {
        let (space, result) = try run(breaker: "cool_down = 0.3", failing: [1, 2])
        #expect(result.code == 1, "\(result)")
        // Who does not take it goes on meanwhile.
        #expect(space.lines("ran") == ["s1", "s2", "free", "s3", "s4", "s5"])
        let run = try LatestRun(in: space)
        #expect(phases(run) == [.open, .halfOpen, .closed])
        // How long that takes is proved in virtual time: an event is dated when it is written.
        let cooled = run.events.firstIndex { event in
            if case .breakerChanged(_, .halfOpen, _) = event.kind { true } else { false }
        }
        let tried = run.events.firstIndex { event in
            if case .launched(2, _, _, _) = event.kind { true } else { false }
        }
        #expect(try #require(cooled) < #require(tried))
        #expect(result.error.contains("breaker of `api`"), "\(result)")
        let breakers = try ProgressFile(in: space).list("breakers")
        #expect(breakers.first?["resource"] as? String == "api")
        #expect(breakers.first?["state"] as? String == "closed")
        #expect(breakers.first?["opened"] as? Int == 1)
    }

    @Test("a failure of the step that tries opens it again")
    func opensAgain() throws {
        let (space, result) = try run(breaker: "cool_down = 0.1", failing: [1, 2, 3])
        #expect(result.code == 1, "\(result)")
        #expect(space.lines("ran").sorted() == ["free", "s1", "s2", "s3", "s4", "s5"])
        #expect(
            phases(try LatestRun(in: space)) == [.open, .halfOpen, .open, .halfOpen, .closed])
    }

    @Test("a success in between begins the count anew")
    func resets() throws {
        let (space, _) = try run(breaker: "cool_down = \"1h\"", failing: [1, 3, 5])
        #expect(space.lines("ran") == ["s1", "s2", "s3", "s4", "s5", "free"])
        #expect(phases(try LatestRun(in: space)).isEmpty)
    }

    @Test("with `when_open = \"fail\"` they fail without being started, and say why")
    func failsFast() throws {
        let (space, result) = try run(
            breaker: "cool_down = \"1h\", when_open = \"fail\"", failing: [1, 2])
        #expect(result.code == 1, "\(result)")
        #expect(space.lines("ran") == ["s1", "s2", "free"])
        let run = try LatestRun(in: space)
        for id in ["s3", "s4", "s5"] {
            #expect(try run.step(id).status == .failed)
            #expect(try run.step(id).reason == .breakerOpen(resource: "api"))
            #expect(try run.step(id).launchedAt == nil)
        }
        #expect(phases(run) == [.open])
    }

    @Test("Ctrl-C ends a wait for it at once")
    func interrupted() throws {
        let space = try TestSpace()
        try space.workflow(
            "[execution.breaker]\nfailures = 1\ncool_down = \"1h\"\n"
                + ["a", "b"].map {
                    TestSpace.step(
                        $0, "echo \($0) >> ran; exit 3",
                        "resources_required = [\"api\"]\ncritical = false")
                }.joined())
        let command = try space.start(["run"])
        #expect(TestSpace.wait(seconds: 30) { space.journal().contains("breaker_changed") })
        command.signal(SIGINT)
        #expect(command.wait().end == .signal(SIGINT))
        #expect(space.lines("ran") == ["a"])
        #expect(try LatestRun(in: space).step("b").status == .skipped)
    }
}
