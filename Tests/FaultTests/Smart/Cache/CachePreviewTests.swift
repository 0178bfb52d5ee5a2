import Foundation
import Testing
import TestSupport

extension TestSpace {
    /// Every file and directory with all that a look at it tells, but for when it was read.
    func looks() throws -> String {
        try shell("find . -printf '%p %i %M %s %T@ %C@\\n' | sort").output
    }

    /// What `plan` says of each step as JSON, by id.
    func planned(_ words: String...) throws -> [String: [String: Any]] {
        let result = try start(["plan", "--json"] + words).wait(seconds: 30)
        let document = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        let phases = (document as? [String: Any])?["phases"] as? [[String: Any]] ?? []
        let steps = phases.flatMap { $0["steps"] as? [[String: Any]] ?? [] }
        return Dictionary(
            steps.map { ($0["step_id"] as? String ?? "", $0) }, uniquingKeysWith: { $1 })
    }
}

@Suite(
    "plan, why and the dry run say what the cache would serve, and change nothing",
    .timeLimit(.minutes(20)))
struct CachePreviewTests {
    /// A chain of two, which a run has made from `one` and then from `two`; now it is `one` again.
    private func space() throws -> (TestSpace, run: String) {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step(
                "build", "mkdir -p out; cp in.txt out/a; cp in.txt out/b; echo build >> ran",
                "inputs = [\"in.txt\"]\noutput_files = [\"out/*\"]")
                + TestSpace.step(
                    "pack", "cat out/a out/b > pack.txt; echo pack >> ran",
                    "inputs = [\"out/*\"]\noutput_files = [\"pack.txt\"]")
                + TestSpace.step(
                    "beside", "cp in.txt beside.txt; echo beside >> ran",
                    "inputs = [\"in.txt\", \"other.txt\"]\noutput_files = [\"beside.txt\"]")
                + TestSpace.step("free", "echo free >> ran"))
        try space.file("in.txt", "one").file("other.txt", "x")
        #expect(try space.run("--cache").code == 0)
        let run = space.latestRunID
        try space.file("in.txt", "two")
        #expect(try space.run("--cache").code == 0)
        try space.file("in.txt", "one").file("other.txt", "y")
        _ = try space.ranSince()
        return (space, run)
    }

    /// The entry that holds a text.
    private func entry(_ space: TestSpace, of step: String, from run: String) throws -> String {
        let found = try space.shell(
            "grep -la '\(step)' $(grep -rla '\(run)' .stepvisor/cache)")
        return try #require(found.output.split(separator: "\n").map(String.init).first, "\(found)")
    }

    @Test("which steps would be served, from which run, and which would not")
    func told() throws {
        let (space, run) = try space()
        let plan = try space.run("plan", "--cache").output
        #expect(
            plan.contains(
                "\n2 to run, 1 from the cache, 1 to be checked when their dependencies have run\n"),
            "\(plan)")
        #expect(
            plan.contains(
                "[from the cache, as run \(run) made it: inputs changed: in.txt (edited)]"),
            "\(plan)")
        #expect(
            plan.contains(
                "[runs: inputs changed: in.txt (edited), other.txt (edited); not in the cache]"),
            "\(plan)")
        #expect(
            plan.contains(
                "[runs: if `build` produces a different result, unless its outputs were kept: "
                    + "looked up when its turn comes]"), "\(plan)")
        let dry = try space.run("-n", "--cache").output
        #expect(dry.hasPrefix("would run at most 3 of 4 steps"), "\(dry)")
        #expect(dry.contains("phase 1  from the cache, as run \(run) made it: "), "\(dry)")
        let alone = try space.run("-n", "--cache", "build").output
        #expect(alone.hasPrefix("would run nothing: 1 from the cache\n"), "\(alone)")
        #expect(
            try space.run("why", "build", "--cache").output.hasPrefix(
                """
                `build` would come from the cache, as run \(run) made it:
                  inputs changed: in.txt (edited)

                """))
        #expect(
            try space.run("why", "beside", "--cache").output.hasPrefix(
                """
                `beside` has to run:
                  inputs changed: in.txt (edited), other.txt (edited)
                  not in the cache

                """))
        #expect(try !space.run("why", "beside").output.contains("cache"))
        #expect(try space.run("why", "free", "--cache").output.contains("no `inputs`\nrun "))
        // It comes as was said.
        let result = try space.run("--cache")
        #expect(result.code == 0)
        #expect(try space.ranSince().sorted() == ["beside", "free"])
        #expect(try space.run("status").output.contains("restored from run \(run)"))
    }

    @Test("programs get the same")
    func json() throws {
        let (space, run) = try space()
        let steps = try space.planned("--cache")
        let caches = steps.compactMapValues { $0["cache"] as? [String: String] }
        #expect(
            caches == [
                "build": ["state": "hit", "run_id": run], "pack": ["state": "later"],
                "beside": ["state": "miss"],
            ])
        #expect(steps["build"]?["state"] as? String == "due")
        let why = try space.object("why", "build", "--cache", "--json")
        #expect(why["cache"] as? [String: String] == ["state": "hit", "run_id": run])
        #expect((why["causes"] as? [[String: Any]])?.first?["cause"] as? String == "inputs_changed")
        let dry = try space.object("-n", "--cache", "--json")
        let first = try #require((dry["steps"] as? [[String: Any]])?.first)
        #expect(first["cache"] as? [String: String] == ["state": "hit", "run_id": run])
        let plain = try space.planned("--smart-execution")
        #expect(plain["build"]?["cache"] == nil)
    }

    @Test("kept results are work still: the exit code is 3 until a run has put them in place")
    func exitCode() throws {
        let (space, _) = try space()
        #expect(try space.run("plan", "--exit-code", "--cache", "build").code == 3)
        #expect(try space.run("run", "--cache", "build").code == 0)
        #expect(try space.ranSince() == [])
        #expect(try space.run("plan", "--exit-code", "--cache", "build").code == 0)
    }

    @Test("nothing is written, removed or counted as used", arguments: [false, true])
    func writesNothing(isShared: Bool) throws {
        let (space, run) = try space()
        let place = try TestSpace()
        if isShared {
            #expect(try space.shell("mv .stepvisor/cache '\(place.path("kept"))'").code == 0)
            space.environment["STEPVISOR_CACHE"] = place.path("kept")
        }
        let before = (try space.looks(), try place.looks())
        for words in [
            ["plan", "--cache"], ["plan", "--cache", "--json"], ["plan", "--cache", "--exit-code"],
            ["-n", "--cache"], ["run", "--dry-run", "--cache", "--json"],
            ["why", "build", "--cache"], ["why", "build", "--cache", "--json"],
        ] {
            let result = try space.start(words).wait(seconds: 30)
            #expect(result.output.contains(run), "\(words) \(result)")
            #expect(try space.looks() == before.0, "\(words)")
            #expect(try place.looks() == before.1, "\(words)")
        }
    }

    @Test("in a project without any state a cache of others is asked, and nothing is made")
    func fresh() throws {
        let (space, run) = try space()
        let other = try TestSpace()
        try other.workflow(space.text("workflow.toml"))
        try other.file("in.txt", "one").file("other.txt", "x")
        other.environment["STEPVISOR_CACHE"] = space.path(".stepvisor/cache")
        let before = try other.looks()
        let steps = try other.planned("--cache")
        for name in ["build", "beside"] {
            #expect(
                steps[name]?["cache"] as? [String: String] == ["state": "hit", "run_id": run])
        }
        other.environment["STEPVISOR_CACHE"] = other.path("none/at/all")
        #expect(
            try other.planned("--cache")["build"]?["cache"] as? [String: String]
                == ["state": "miss"])
        #expect(try other.looks() == before)
    }

    @Test("a damaged entry is a miss with its reason, and stays for a run to remove")
    func damaged() throws {
        let (space, run) = try space()
        let name = try entry(space, of: "build", from: run)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: space.path(name)))
        // The content of the last output, which only reading all of the entry finds.
        let place = try #require(bytes.lastRange(of: Data("one".utf8))?.lowerBound)
        bytes[place] ^= 1
        try bytes.write(to: URL(fileURLWithPath: space.path(name)))
        chmod(space.path(name), 0o600)
        let before = try space.looks()
        let plan = try space.run("plan", "--cache").output
        #expect(
            plan.contains("; what the cache has of it is damaged: the content of `out/"), "\(plan)")
        #expect(plan.contains("\n3 to run, 1 to be checked"), "\(plan)")
        let cache = try space.planned("--cache")["build"]?["cache"] as? [String: String]
        #expect(cache?["state"] == "damaged" && cache?["run_id"] == nil)
        #expect(
            try space.run("why", "build", "--cache").output.contains(
                "\n  what the cache has of it is damaged: the content of `out/"))
        #expect(try space.looks() == before)
        let result = try space.run("--cache")
        #expect(result.error.contains("an entry of the cache was removed"), "\(result)")
        #expect(try space.ranSince().contains("build"))
    }

    @Test("what could not be put in place is said before")
    func unfit() throws {
        let (space, _) = try space()
        unlink(space.path("beside.txt"))
        try space.file("other.txt", "x").directory("beside.txt")
        let plan = try space.run("plan", "--cache").output
        #expect(
            plan.contains(
                "; what the cache has of it is not used: a directory is in the place of "
                    + "`beside.txt`]"), "\(plan)")
        let outside = try TestSpace()
        try FileManager.default.removeItem(atPath: space.path("out"))
        symlink(outside.root.path, space.path("out"))
        let why = try space.run("why", "build", "--cache").output
        #expect(why.contains("\n  what the cache has of it is not used: "), "\(why)")
    }

    @Test("why compares two runs, or asks the cache, not both")
    func conflict() throws {
        let space = try TestSpace()
        try space.chain()
        for option in [["--cache"], ["--since", "HEAD"]] {
            let result = try space.start(
                ["why", "use", "--between", "a", "b"] + option
            ).wait(seconds: 30)
            #expect(result.code == 2)
            #expect(result.error.contains("--between"), "\(result)")
        }
    }
}
