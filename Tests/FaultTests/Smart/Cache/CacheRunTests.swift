import Foundation
import Testing
import TestSupport

@Suite(
    "`--cache`: kept outputs are put in place instead of running a step", .timeLimit(.minutes(20)))
struct CacheRunTests {
    /// Two steps that note in `ran` that they ran, the second one from what the first produced.
    private static let workflow = """
        [[steps]]
        id = "build"
        command = '''
        echo build >> ran; mkdir -p out; tr a-z A-Z < in.txt > out/upper; chmod 750 out/upper
        ln -sf upper out/link; wc -c < in.txt | sed 's/^ */size=/' > "$STEPVISOR_OUTPUT"
        echo "building $(cat in.txt)"
        '''
        inputs = ["in.txt"]
        output_files = ["out/**"]
        [[steps]]
        id = "pack"
        command = "echo pack >> ran; cat out/upper out/upper > pack.txt"
        inputs = ["out/upper"]
        output_files = ["pack.txt"]
        [[steps]]
        id = "big"
        command = "echo big >> ran"
        condition = "steps.build.size > 5"

        """

    static func space(_ text: String = "one") throws -> TestSpace {
        let space = try TestSpace()
        return try space.workflow(workflow).file("in.txt", text)
    }

    static func ran(_ space: TestSpace) -> [String] {
        defer { unlink(space.path("ran")) }
        return space.lines("ran")
    }

    static func statuses(_ space: TestSpace) throws -> [String] {
        let status = try space.run("status", "--json")
        let object = try JSONSerialization.jsonObject(with: Data(status.output.utf8))
        let tasks = (object as? [String: Any])?["tasks"] as? [[String: Any]] ?? []
        return tasks.flatMap { $0["phases"] as? [[String: Any]] ?? [] }
            .flatMap { $0["steps"] as? [[String: Any]] ?? [] }
            .map { "\($0["step_id"] as? String ?? "") \($0["status"] as? String ?? "")" }.sorted()
    }

    static func entries(_ space: TestSpace, in cache: String = ".stepvisor/cache")
        -> [String]
    {
        let names = FileManager.default.enumerator(atPath: space.path(cache))
        return (names?.compactMap { $0 as? String } ?? []).filter {
            $0.split(separator: "/").last?.utf8.count == 64
        }.map { "\(cache)/\($0)" }.sorted()
    }

    @Test("what was made before from the same is put in place, with log and results")
    func backAndForth() throws {
        let space = try Self.space()
        let first = try space.run("--cache")
        #expect(first.code == 0, "\(first)")
        #expect(Self.ran(space) == ["build", "pack"])
        try space.file("in.txt", "the second text")
        #expect(try space.run("--cache").code == 0)
        #expect(Self.ran(space) == ["build", "pack", "big"])
        #expect(Self.entries(space).count == 4)

        try space.file("in.txt", "one")
        let back = try space.run("--cache")
        #expect(back.code == 0, "\(back)")
        #expect(Self.ran(space) == [])
        #expect(try Self.statuses(space) == ["big skipped", "build cached", "pack cached"])
        #expect(space.text("out/upper") == "ONE" && space.text("pack.txt") == "ONEONE")
        let facts = try FileManager.default.attributesOfItem(atPath: space.path("out/upper"))
        #expect(facts[.posixPermissions] as? Int == 0o750)
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: space.path("out/link"))
                == "upper")
        let log = try space.run("logs", "build").output
        #expect(log.hasPrefix("stepvisor: replayed from run "), "\(log)")
        #expect(log.hasSuffix("\nbuilding one\n"), "\(log)")
        #expect(space.text(".stepvisor/latest/outputs/build") == "size=3\n")
        // What was put in place is as good as what was produced.
        let again = try space.run("--smart-execution")
        #expect(again.code == 0 && Self.ran(space) == [], "\(again)")
    }

    @Test("outputs that are gone or edited come back; without --cache the step runs")
    func lostOutputs() throws {
        let space = try Self.space()
        #expect(try space.run("--cache").code == 0)
        _ = Self.ran(space)
        try FileManager.default.removeItem(atPath: space.path("out"))
        try space.file("pack.txt", "edited")
        #expect(try space.run("--cache").code == 0)
        #expect(Self.ran(space) == [])
        #expect(space.text("out/upper") == "ONE" && space.text("pack.txt") == "ONEONE")
        try FileManager.default.removeItem(atPath: space.path("out"))
        #expect(try space.run("--smart-execution").code == 0)
        #expect(Self.ran(space) == ["build"])
    }

    @Test("a directory that projects share gives one what the other has produced")
    func shared() throws {
        let place = try TestSpace()
        let (first, second) = (try Self.space(), try Self.space())
        for space in [first, second] { space.environment["STEPVISOR_CACHE"] = place.path("kept") }
        #expect(try first.run("--cache").code == 0)
        let result = try second.run("--cache")
        #expect(result.code == 0, "\(result)")
        #expect(Self.ran(second) == [], "\(result)")
        #expect(second.text("pack.txt") == "ONEONE")
        #expect(!second.exists(".stepvisor/cache"))
    }

    @Test("a damaged entry is said and removed, and the step runs and is kept anew")
    func damaged() throws {
        let space = try Self.space()
        #expect(try space.run("--cache").code == 0)
        let entries = Self.entries(space)
        for name in entries {
            var bytes = try Data(contentsOf: URL(fileURLWithPath: space.path(name)))
            bytes[bytes.count - 1] ^= 1
            try bytes.write(to: URL(fileURLWithPath: space.path(name)))
            chmod(space.path(name), 0o600)
        }
        _ = Self.ran(space)
        try FileManager.default.removeItem(atPath: space.path("out"))
        unlink(space.path("pack.txt"))
        let result = try space.run("--cache")
        #expect(result.code == 0, "\(result)")
        #expect(Self.ran(space) == ["build", "pack"])
        #expect(result.error.contains("an entry of the cache was removed"), "\(result)")
        #expect(space.text("pack.txt") == "ONEONE")
        #expect(Self.entries(space) == entries)
        try FileManager.default.removeItem(atPath: space.path("out"))
        #expect(try space.run("--cache").code == 0)
        #expect(Self.ran(space) == [])
    }

    @Test("what cannot be put in place is said, and the step runs")
    func unfit() throws {
        let space = try Self.space()
        #expect(try space.run("--cache").code == 0)
        _ = Self.ran(space)
        let outside = try TestSpace()
        try FileManager.default.removeItem(atPath: space.path("out"))
        symlink(outside.root.path, space.path("out"))
        let result = try space.run("--cache", "--only", "build")
        #expect(result.error.contains("the cache's entry is not used"), "\(result)")
        #expect(Self.ran(space) == ["build"])
    }

    @Test("a success after failures is kept with its own log, and a failure is not kept")
    func attempts() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [execution.retry]
            delay = 0
            [[steps]]
            id = "later"
            command = '''
            echo later >> ran; echo "attempt $STEPVISOR_ATTEMPT"
            [ "$STEPVISOR_ATTEMPT" = 2 ] || exit 1; cp in.txt out.txt
            '''
            retries = 1
            inputs = ["in.txt"]
            output_files = ["out.txt"]
            [[steps]]
            id = "never"
            command = "cp in.txt never.txt; exit 3"
            inputs = ["in.txt"]
            output_files = ["never.txt"]
            """
        ).file("in.txt", "x")
        #expect(try space.run("-k", "--cache").code == 1)
        #expect(Self.entries(space).count == 1)
        #expect(Self.ran(space).count == 2)
        unlink(space.path("out.txt"))
        #expect(try space.run("-k", "--cache").code == 1)
        #expect(Self.ran(space) == [] && space.text("out.txt") == "x")
        let log = try space.run("logs", "later").output
        #expect(log.hasSuffix("\nattempt 2\n") && !log.contains("attempt 1\n"), "\(log)")
    }

    @Test("a step that changes what it reads while it runs, or says not what it reads, is not kept")
    func notKept() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "moving"
            command = "cp in.txt out.txt; echo more >> in.txt"
            inputs = ["in.txt"]
            output_files = ["out.txt"]
            [[steps]]
            id = "silent"
            command = "echo silent >> ran; date > now.txt"
            output_files = ["now.txt"]
            [[steps]]
            id = "piped"
            command = "mkdir -p out; mkfifo out/pipe; echo x > out/x"
            inputs = ["other.txt"]
            output_files = ["out/**"]
            """
        ).file("in.txt", "x").file("other.txt", "x")
        let result = try space.run("--cache")
        #expect(result.code == 0, "\(result)")
        #expect(result.error.contains("not kept in the cache: its output `out/pipe` is a pipe"))
        #expect(Self.entries(space).isEmpty)
        #expect(try space.run("--cache", "--only", "silent").code == 0)
        #expect(space.lines("ran").count == 2)
    }

    @Test("no secret gets into the cache")
    func secrets() throws {
        let space = try TestSpace()
        space.environment["TOKEN"] = "hunter2hunter2"
        try space.workflow(
            """
            [execution]
            secrets = ["TOKEN"]
            [[steps]]
            id = "says"
            command = "echo says >> ran; echo \\"using $TOKEN\\"; cp in.txt out.txt"
            inputs = ["in.txt"]
            output_files = ["out.txt"]
            [[steps]]
            id = "writes"
            command = "echo \\"$TOKEN\\" > env.txt"
            inputs = ["in.txt"]
            output_files = ["env.txt"]
            """
        ).file("in.txt", "x")
        let result = try space.run("--cache")
        #expect(result.code == 0, "\(result)")
        #expect(result.error.contains("`env.txt` holds the value of a secret"), "\(result)")
        #expect(Self.entries(space).count == 1)
        let found = try space.shell("grep -rl hunter2 .stepvisor/cache")
        #expect(found.output.isEmpty, "\(found)")
        unlink(space.path("out.txt"))
        _ = Self.ran(space)
        #expect(try space.run("--cache").code == 0)
        #expect(Self.ran(space) == [])
        #expect(space.text(".stepvisor/latest/logs/says.log").hasSuffix("\nusing ***\n"))
    }

    @Test(
        "who asks for a run gets one, and what it produces is kept in place of what was",
        arguments: [["run", "--cache", "--force"], ["forget", "a"]])
    func askedFor(words: [String]) throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "echo a >> ran; cp secretly-read.txt out.txt"
            inputs = ["in.txt"]
            output_files = ["out.txt"]
            """
        ).file("in.txt", "x").file("secretly-read.txt", "one")
        #expect(try space.run("--cache").code == 0)
        try space.file("secretly-read.txt", "two")
        #expect(try space.start(words).wait().code == 0)
        #expect(try space.run("--cache").code == 0)
        #expect(space.lines("ran").count == 2)
        #expect(space.text("out.txt") == "two")
        unlink(space.path("out.txt"))
        #expect(try space.run("--cache").code == 0)
        #expect(space.text("out.txt") == "two" && space.lines("ran").count == 2)
    }

    @Test("its log is there when the run that wrote it, and the cache, are gone")
    func logs() throws {
        let space = try Self.space()
        #expect(try space.run("--cache").code == 0)
        let first = space.latestRunID
        try FileManager.default.removeItem(atPath: space.path("out"))
        #expect(try space.run("--cache").code == 0)
        let second = space.latestRunID
        #expect(try Self.statuses(space).contains("build cached"))
        #expect(try space.run("--smart-execution").code == 0)
        try FileManager.default.removeItem(atPath: space.path(".stepvisor/runs/\(first)"))
        #expect(try space.run("clean", "--cache").code == 0)
        let expected = "stepvisor: replayed from run \(first)\nbuilding one\n"
        let cached = try space.run("logs", "build", "--run", second)
        #expect(cached.code == 0 && cached.output == expected, "\(cached)")
        // A run that skipped it shows the same one.
        let skipped = try space.run("logs", "build")
        #expect(skipped.code == 0 && skipped.output == expected, "\(skipped)")
        #expect(skipped.error.contains("this is its log of run \(second)"), "\(skipped)")
        #expect(try space.run("logs").code == 0)
        #expect(try space.run("why", "build").output.contains("since run \(second)"))
        #expect(try space.run("why", "build", "--between", second, "latest").code == 0)
        // And where that is gone too, it says so.
        try FileManager.default.removeItem(atPath: space.path(".stepvisor/runs/\(second)"))
        let gone = try space.run("logs", "build")
        #expect(gone.code == 0 && gone.output == "")
        #expect(gone.error.contains("and run \(second) is not here"), "\(gone)")
    }

    @Test("a step that was forgotten before anything was known of it is not taken from the cache")
    func forgottenAhead() throws {
        let space = try Self.space()
        #expect(try space.run("--cache").code == 0)
        try FileManager.default.removeItem(atPath: space.path(".stepvisor/known"))
        _ = Self.ran(space)
        let forgot = try space.run("forget", "build")
        #expect(forgot.error.contains("nothing is known of `build`"), "\(forgot)")
        #expect(try space.run("--cache").code == 0)
        #expect(Self.ran(space) == ["build"])
    }

    @Test("a cached step tells what it was made from, as one that ran does")
    func ingredients() throws {
        let space = try Self.space()
        #expect(try space.run("--cache").code == 0)
        let first = try FileManager.default.destinationOfSymbolicLink(
            atPath: space.path(".stepvisor/latest"))
        try FileManager.default.removeItem(atPath: space.path("out"))
        #expect(try space.run("--cache").code == 0)
        #expect(try Self.statuses(space).contains("build cached"))
        func names(_ run: String) -> [String] {
            let path = space.path(".stepvisor/\(run)")
            return
                (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? [])
                .filter { !$0.hasPrefix("logs/") && !$0.hasPrefix("outputs/") }
                // A run that ends in its first moments has had no guardian, whose file this is.
                .filter { $0 != "alive" }.sorted()
        }
        let second = try FileManager.default.destinationOfSymbolicLink(
            atPath: space.path(".stepvisor/latest"))
        #expect(names(second) == names(first))
    }

    @Test("a dry run with --cache writes nothing")
    func dryRun() throws {
        let space = try Self.space()
        #expect(try space.run("--cache").code == 0)
        try space.file("in.txt", "other")
        let before = space.tree()
        let result = try space.run("-n", "--cache")
        #expect(result.code == 0, "\(result)")
        #expect(space.tree() == before)
    }
}
