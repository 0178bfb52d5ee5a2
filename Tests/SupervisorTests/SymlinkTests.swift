import Foundation
import Testing
import TestSupport
import WorkflowModel

@testable import FileState
@testable import Supervisor

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension InputScene {
    fileprivate func link(_ name: String, to target: String) {
        unlink(space.path(name))
        symlink(target, space.path(name))
    }
}

@Suite("A link to a directory counts with all that is there", .timeLimit(.minutes(20)))
struct SymlinkTests {
    /// What is done behind a link.
    struct Edit: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let make: @Sendable (InputScene) throws -> Void

        init(_ name: String, _ make: @escaping @Sendable (InputScene) throws -> Void) {
            testDescription = name
            self.make = make
        }
    }

    static let edits = [
        Edit("edited") { try $0.space.file("real/x.md", "two") },
        Edit("edited deeper") { try $0.space.file("real/sub/y.md", "two") },
        Edit("new") { try $0.space.file("real/new.md", "") },
        Edit("removed") { unlink($0.space.path("real/x.md")) },
        Edit("renamed") { rename($0.space.path("real/x.md"), $0.space.path("real/z.md")) },
        Edit("executable") { chmod($0.space.path("real/x.md"), 0o755) },
        Edit("through a link within") { try $0.space.file("far/f.md", "two") },
        Edit("a link within") { $0.link("real/far", to: "../far/.") },
        Edit("the link itself") { $0.link("docs/shared", to: "../real/.") },
    ]

    static let inputs = [["docs/shared"], ["docs"], ["docs/"], ["docs/**/*.md"], ["d*/s*/**"]]

    @Test("a change behind it is one", arguments: edits, inputs)
    func changes(edit: Edit, inputs: [String]) throws {
        let scene = try Self.scene(inputs)
        let (first, again) = (try scene.look(), try scene.look())
        #expect(first.digest == again.digest)
        #expect(first.signature == again.signature)
        try edit.make(scene)
        let now = try scene.look()
        #expect(now.digest != first.digest)
        #expect(now.signature != first.signature)
        #expect(now.isReadable)
    }

    private static func scene(_ inputs: [String]) throws -> InputScene {
        let scene = try InputScene(inputs: inputs)
        try scene.space.file("real/x.md", "one").file("real/sub/y.md", "one")
        try scene.space.file("far/f.md", "one").directory("docs")
        scene.link("real/far", to: "../far")
        scene.link("docs/shared", to: "../real")
        return scene
    }

    @Test(
        "it is one entry, where a pattern means something behind it",
        arguments: [
            (["docs/**/*.md"], ["docs/a.md", "docs/shared"]),
            (["docs/**/*.txt"], []),
            (["docs/*.md"], ["docs/a.md"]),
            (["docs/*"], ["docs/a.md", "docs/shared"]),
            (["docs/shared/*.md"], ["docs/shared/x.md"]),
            (["docs"], ["docs", "docs/a.md", "docs/shared"]),
            (["docs", "!docs/shared"], ["docs", "docs/a.md"]),
            (["docs", "!docs/share?"], ["docs", "docs/a.md", "docs/shared"]),
            (["docs", "!docs/shared", "!docs/shared/**"], ["docs", "docs/a.md"]),
            (["docs/**", "!docs/shared/**", "!docs/shared"], ["docs", "docs/a.md"]),
            (["do*/shared/x.md"], ["docs/shared"]),
            (["*/other/x.md"], []),
        ] as [([String], [String])])
    func entries(inputs: [String], found: [String]) throws {
        let scene = try Self.scene(inputs)
        try scene.space.file("docs/a.md", "a")
        #expect(try scene.paths() == found)
    }

    @Test("what a pattern does not mean behind it, or excludes, does not count")
    func excluded() throws {
        for inputs in [["docs/**/*.md"], ["docs", "!**/*.tmp"], ["docs/shared", "!**/*.tmp"]] {
            let scene = try Self.scene(inputs)
            try scene.space.file("real/a.tmp", "one")
            let first = try scene.digest()
            try scene.space.file("real/a.tmp", "two").file("real/b.tmp", "")
            #expect(try scene.digest() == first, "\(inputs)")
        }
    }

    @Test(
        "what is excluded by its path does not count, nor what is below it, link or directory",
        arguments: [
            ["docs/**", "!docs/shared", "!docs/own"], ["docs", "!docs/shared", "!docs/own"],
        ])
    func excludedByPath(inputs: [String]) throws {
        let scene = try Self.scene(inputs)
        try scene.space.directory("docs/own")
        let first = try scene.digest()
        try scene.space.file("real/more", "1").file("docs/own/more", "1")
        #expect(try scene.digest() == first)
        try scene.space.file("docs/ownish", "1")
        #expect(try scene.digest() != first)
    }

    @Test("cycles, links above themselves, to each other and to nothing, and fifos hold nobody")
    func cycles() throws {
        let scene = try Self.scene(["docs/**"])
        scene.link("real/self", to: ".")
        scene.link("real/up", to: "..")
        scene.link("real/back", to: "../docs/shared")
        scene.link("real/loop", to: "loop")
        scene.link("real/ping", to: "pong")
        scene.link("real/pong", to: "ping")
        scene.link("real/nothing", to: "nowhere")
        mkfifo(scene.space.path("real/fifo"), 0o600)
        scene.link("real/to-fifo", to: "fifo")
        let first = try scene.look()
        #expect(first.isReadable)
        #expect(try scene.digest() == first.digest)
        // `up` leads to where it is, which is no more to it than `..`.
        try scene.space.file("beside", "behind `up`")
        #expect(try scene.digest() == first.digest)
        try scene.space.file("real/new", "behind `docs/shared`")
        #expect(try scene.digest() != first.digest)
    }

    @Test("the state of the project does not count, nor what git keeps, wherever a link leads")
    func state() throws {
        let scene = try Self.scene(["docs/**"])
        scene.link("docs/all", to: "..")
        scene.link("docs/state", to: "../.stepvisor/runs")
        try scene.space.file(".stepvisor/runs/a", "1").file(".git/HEAD", "1")
        let first = try scene.digest()
        try scene.space.file(".stepvisor/runs/a", "2").file(".git/HEAD", "2")
        #expect(try scene.digest() == first)
    }

    @Test("a link to the root of all files is unreadable, and so never unchanged")
    func root() throws {
        let scene = try Self.scene(["docs/**"])
        scene.link("docs/root", to: "/")
        #expect(try scene.look().isReadable == false)
    }

    @Test("what the step writes itself behind a link does not count as changed while it ran")
    func own() throws {
        let scene = try Self.scene(["docs/**"])
        scene.step.outputFiles = [FilePattern("real/out/*"), FilePattern("docs/shared/log")]
        let first = try scene.look()
        try scene.space.file("real/out/a", "made").file("real/log", "made")
        let made = try scene.look()
        #expect(made.signature == first.signature)
        #expect(made.digest != first.digest)
        try scene.space.file("real/x.md", "two")
        #expect(try scene.look().signature != first.signature)
    }

    @Test("names and bytes behind it count against the budget")
    func budget() throws {
        let scene = try Self.scene(["docs/shared"])
        for number in 0..<20 { try scene.space.file("real/\(number)", "\(number)") }
        let patterns = try scene.patterns()
        var looker = FileHasher(root: scene.space.root.path)
        #expect(looker.look(at: patterns, budget: InputBudget(names: 19, bytes: .max)) == nil)
        #expect(looker.look(at: patterns, budget: InputBudget(names: .max, bytes: 10)) == nil)
        let look = looker.look(at: patterns, budget: InputBudget(names: 30, bytes: 100))
        #expect(look?.isReadable == true)
        #expect(look?.files.count == 1)
    }

    @Test("a tree that looks as it did is not read again")
    func hints() throws {
        let scene = try Self.scene(["docs/shared"])
        let patterns = try scene.patterns()
        var looker = FileHasher(root: scene.space.root.path)
        let seen = looker.look(at: patterns)
        var look = try #require(seen)
        // As if it had been looked at when all of it was old.
        look.files[0].observedAt += 3_600_000_000_000
        let none = InputBudget(names: 100, bytes: 0)
        #expect(looker.look(at: patterns, hints: look.files, budget: none)?.digest == look.digest)
        try scene.space.file("real/sub/y.md", "two")
        #expect(looker.look(at: patterns, hints: look.files, budget: none) == nil)
    }

    @Test("a link that an output names counts with what is there, one in an output does not")
    func outputs() throws {
        let scene = try Self.scene([])
        for (pattern, counts) in [("docs/shared", true), ("docs", false), ("docs/**", false)] {
            let patterns = try InputPatterns([pattern], written: [], followsLinks: false)
            var looker = FileHasher(root: scene.space.root.path)
            try scene.space.file("real/x.md", "one")
            let first = looker.look(at: patterns)?.digest
            try scene.space.file("real/x.md", "two")
            #expect((looker.look(at: patterns)?.digest != first) == counts, "\(pattern)")
        }
    }
}

@Suite("Directories that many steps look into are read once", .timeLimit(.minutes(20)))
struct DirectoryListingTests {
    @Test(
        "what a kept directory tells is what a read one told",
        arguments: [
            ["in/*"], ["in/1*"], ["in/{1,2}*"], ["in/**"], ["in"], ["in/5?", "!in/50"], ["*/3*"],
            ["in/nothing*"], ["in/99"], ["in/sub*/x"],
        ])
    func kept(inputs: [String]) throws {
        let scene = try InputScene(inputs: inputs)
        for number in 0..<100 { try scene.space.file("in/\(number)", "\(number)") }
        try scene.space.file("in/sub1/x", "")
        let patterns = try scene.patterns()
        let plain = FileScanner.entries(of: patterns, root: scene.space.root.path)?.map(\.path)
        var listings: DirectoryListings? = DirectoryListings()
        for _ in 0..<2 {
            let found = FileScanner.entries(
                of: patterns, root: scene.space.root.path, budget: .max, listings: &listings)
            #expect(found?.map(\.path) == plain)
        }
    }

    @Test("a kept directory is not read again, and a small one always is")
    func again() throws {
        let scene = try InputScene(inputs: ["in/*", "few/*"])
        for number in 0..<100 { try scene.space.file("in/\(number)", "\(number)") }
        try scene.space.file("few/a", "")
        let patterns = try scene.patterns()
        var looker = FileHasher(root: scene.space.root.path)
        looker.listings = DirectoryListings()
        #expect(looker.look(at: patterns)?.files.count == 101)
        try scene.space.file("in/new", "").file("few/new", "")
        unlink(scene.space.path("in/1"))
        #expect(looker.look(at: patterns)?.files.count == 101)
        looker.listings = nil
        #expect(looker.look(at: patterns)?.files.count == 102)
    }
}
