import Foundation
import Testing
import TestSupport

@Suite("What is known of steps can be changed by hand", .timeLimit(.minutes(20)))
struct MarkTests {
    @Test("a step that was marked need not run until something of it changes")
    func mark() throws {
        let space = try TestSpace()
        try space.chain()
        try space.file("made", "abc\n")
        try space.file("used", "by hand\n")
        let marked = try space.run("mark", "use", "gen")
        #expect(marked.code == 0, "\(marked)")
        #expect(marked.error.contains("marked `gen`"), "\(marked)")
        #expect(!space.exists(".stepvisor/latest"))
        let result = try space.run("run", "--smart-execution")
        #expect(try space.ranSince() == [])
        #expect(result.error.contains("all 2 steps are up to date"), "\(result)")
        #expect(try space.run("why", "use").output.contains("up to date since mark 2"))
        #expect(space.text("used") == "by hand\n")
        try space.file("source", "xyz\n")
        #expect(try space.run("run", "--smart-execution").code == 0)
        #expect(try space.ranSince() == ["gen", "use"])
    }

    @Test("what is not there cannot be done")
    func missing() throws {
        let space = try TestSpace()
        try space.chain(TestSpace.step("free", "true"))
        try space.file("used", "x")
        let gen = try space.run("mark", "gen")
        #expect(gen.code == 2)
        #expect(
            gen.error.contains("`gen` is not done: its output `made` is missing"), "\(gen)")
        #expect(try space.run("plan", "--exit-code").code == 3)
        let free = try space.run("mark", "free")
        #expect(free.code == 2)
        #expect(free.error.contains("declares no `inputs`"), "\(free)")
    }

    @Test("a step that was forgotten runs next time, and only then")
    func forget() throws {
        let space = try TestSpace()
        try space.chain()
        let nothing = try space.run("forget", "use")
        #expect(nothing.code == 0)
        #expect(nothing.error.contains("nothing to forget"), "\(nothing)")
        #expect(!space.exists(".stepvisor"))
        #expect(try space.run("run").code == 0)
        _ = try space.ranSince()
        let forgot = try space.run("forget", "use")
        #expect(forgot.code == 0)
        #expect(forgot.error.contains("forgot `use`: it runs next time"), "\(forgot)")
        let again = try space.run("forget", "use")
        #expect(again.error.contains("nothing is known of `use`"), "\(again)")
        let result = try space.run("run", "--smart-execution")
        #expect(try space.ranSince() == ["use"])
        #expect(result.error.contains("forgotten by `stepvisor forget`"), "\(result)")
        #expect(try space.run("run", "--smart-execution").code == 0)
        #expect(try space.ranSince() == [])
    }

    @Test("names are checked before anything is changed", arguments: ["mark", "forget"])
    func names(command: String) throws {
        let space = try TestSpace()
        try space.chain()
        #expect(try space.run("run").code == 0)
        let before = space.tree()
        let none = try space.run(command)
        #expect(none.code == 2)
        #expect(none.error.contains("`\(command)` needs STEP"), "\(none)")
        let unknown = try space.run(command, "gen", "usee")
        #expect(unknown.code == 2)
        #expect(unknown.error.contains("did you mean `use`?"), "\(unknown)")
        #expect(space.tree() == before)
    }

    @Test("a run that goes on is left in peace, or waited for", arguments: ["mark", "forget"])
    func locked(command: String) throws {
        let space = try TestSpace()
        try space.chain(
            TestSpace.step("hold", "touch held; until [ -e go ]; do sleep 0.02; done"))
        let run = try space.start(["run"])
        #expect(space.waitFor("ran", lines: 2))
        #expect(TestSpace.wait(seconds: 40) { space.exists("held") })
        let busy = try space.run(command, "use")
        #expect(busy.code == 4, "\(busy)")
        #expect(busy.error.contains("another run holds this project"), "\(busy)")
        let waiting = try space.start([command, "use", "--wait"])
        try space.file("go", "")
        #expect(run.wait(seconds: 40).code == 0)
        #expect(waiting.wait(seconds: 40).code == 0)
    }

    @Test("marking needs what comes before it, and says so")
    func needs() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("a", "true", "inputs = [\"in\"]")
                + TestSpace.step("b", "true", "inputs = [\"in\"]\ndependencies = [\"a\"]"))
        try space.file("in", "1")
        let alone = try space.run("mark", "b")
        #expect(alone.code == 2)
        #expect(alone.error.contains("`stepvisor mark a b`"), "\(alone)")
        #expect(try space.run("mark", "b", "a").code == 0)
        #expect(try space.run("plan", "--exit-code").code == 0)
    }
}
