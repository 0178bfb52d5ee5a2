import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Something is in the place of what is known of steps", .timeLimit(.minutes(20)))
struct KnownPlaceTests {
    static let scenes: [(path: String, what: String, words: String)] = [
        ("known", "file", "it is a file, and no directory"),
        ("known", "link", "it is a link"),
        ("known/w.toml", "link", "it is a link"),
        ("known/w.toml/steps", "link", "it is a link"),
        ("known/w.toml/steps", "directory", "it is a directory"),
        ("known/w.toml/steps", "fifo", "it is no regular file"),
    ]

    @Test(
        "no step starts, the words tell what to remove, and then all runs once",
        arguments: scenes.indices)
    func refused(number: Int) throws {
        let (path, what, words) = Self.scenes[number]
        let space = try TestSpace()
        try space.file("source", "a").file(
            "w.toml",
            TestSpace.step(
                "gen", "cp source made; echo gen >> ran",
                "inputs = [\"source\"]\noutput_files = [\"made\"]"))
        #expect(try space.run("run", "--file", "w.toml", "--smart-execution").code == 0)
        let place = space.path(".stepvisor/\(path)")
        try FileManager.default.moveItem(atPath: place, toPath: space.path("elsewhere"))
        switch what {
        case "file": try space.file(".stepvisor/\(path)", "mine")
        case "link": symlink(space.path("elsewhere"), place)
        case "fifo": mkfifo(place, 0o600)
        default: mkdir(place, 0o700)
        }
        let before = space.lines(".stepvisor/latest/events.ndjson").count
        let why = try space.run("why", "gen", "--file", "w.toml").output
        #expect(why.contains("what was known of it cannot be read"), "\(why)")
        #expect(!why.contains("has to run:\n  never succeeded"), "\(why)")

        let run = try space.run("run", "--file", "w.toml", "--smart-execution")
        #expect(run.code == 5, "\(run)")
        let all = run.output + run.error
        #expect(all.contains("cannot use `.stepvisor/\(path)`: \(words)"), "\(run)")
        #expect(all.contains("`rm -r .stepvisor/known`"), "\(run)")
        #expect(!all.contains("SIGTERM") && !all.contains("--resume"), "\(run)")
        #expect(space.lines("ran") == ["gen"])
        #expect(space.lines(".stepvisor/latest/events.ndjson").count == before)
        var facts = stat()
        #expect(what != "link" || lstat(place, &facts) == 0 && facts.st_mode & S_IFMT == S_IFLNK)

        try FileManager.default.removeItem(atPath: space.path(".stepvisor/known"))
        #expect(try space.run("run", "--file", "w.toml", "--smart-execution").code == 0)
        #expect(space.lines("ran") == ["gen", "gen"])
    }
}
