import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("A hit leaves nothing of another list", .timeLimit(.minutes(20)))
struct CacheStrayRunTests {
    private static func space() throws -> TestSpace {
        let space = try TestSpace()
        let list = "for n in $(cat list.txt); do echo $n > out/$n; done"
        return try space.workflow(
            TestSpace.step(
                "gen", "echo gen >> ran; rm -rf out; mkdir out; \(list)",
                "inputs = [\"list.txt\"]\noutput_files = [\"out/*\"]")
                + TestSpace.step(
                    "pack", "echo pack >> ran; cat out/* > all.txt",
                    "inputs = [\"out/*\"]\noutput_files = [\"all.txt\"]"))
    }

    private static func run(_ space: TestSpace, _ list: String) throws -> CommandResult {
        try space.file("list.txt", list)
        let result = try space.run("--cache")
        #expect(result.code == 0, "\(result)")
        return result
    }

    @Test("a list that becomes shorter again takes its files with it, and their readers")
    func shorter() throws {
        let space = try Self.space()
        _ = try Self.run(space, "a")
        _ = try Self.run(space, "a b")
        #expect(space.text("all.txt") == "a\nb\n")
        try space.file("ran", "")
        _ = try Self.run(space, "a")
        #expect(!space.exists("out/b") && space.text("all.txt") == "a\n")
        #expect(space.lines("ran") == [])
        // Why they came from the cache is kept, and their logs are told of.
        let record = space.text(".stepvisor/latest/progress.json")
        #expect(record.contains("inputs_changed") && record.contains("logs/gen.log"), "\(record)")
        _ = try Self.run(space, "a")
        #expect(space.lines("ran") == [])
    }

    @Test("a file of somebody's own among them makes the step run, and it is said why")
    func own() throws {
        let space = try Self.space()
        _ = try Self.run(space, "a")
        _ = try Self.run(space, "a b")
        try space.file("out/mine", "mine").file("ran", "")
        let result = try Self.run(space, "a")
        #expect(result.error.contains("`out/mine` is not in it"), "\(result)")
        #expect(space.lines("ran") == ["gen"])
        #expect(space.text("all.txt") == "a\n")
    }

    @Test("a cache in the project itself leaves nothing but entries")
    func inProject() throws {
        let space = try Self.space()
        try space.file("list.txt", "a")
        let result = try space.shell("STEPVISOR_CACHE=. $STEPVISOR --cache")
        #expect(result.code == 0, "\(result)")
        #expect(!space.exists("writing"))
    }

    @Test("an output behind a link out of the project is told of, by check and by a run")
    func outside() throws {
        let (space, other) = (try TestSpace(), try TestSpace())
        try space.workflow(
            TestSpace.step(
                "gen", "echo x > outside/x",
                "inputs = [\"list.txt\"]\noutput_files = [\"outside/x\", \"in/y*\"]"))
        try space.file("list.txt", "a").file("in/y1", "y")
        symlink(other.root.path, space.path("outside"))
        let words = "its output `outside/x` is outside of the project: `outside` is a link to `"
        let check = try space.run("check")
        #expect(check.code == 0 && check.error.contains(words), "\(check)")
        #expect(!check.error.contains("in/y"))
        #expect(try space.run("run").error.contains(words))
    }
}
