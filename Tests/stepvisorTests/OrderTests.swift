import Testing
import TestSupport

@Suite(
    "`--shuffle` and `--replay` say in which order steps start", .timeLimit(.minutes(20)))
struct OrderTests {
    private func workflow(_ extra: String = "") throws -> TestSpace {
        let space = try TestSpace()
        let steps = ["a", "b", "c", "d", "e", "f"].map { id in
            """
            [[steps]]
            id = "\(id)"
            command = "echo \(id) >> order.txt"

            """
        }
        try space.workflow(steps.joined() + extra)
        return space
    }

    private func order(_ space: TestSpace) throws -> [String] {
        let lines = space.lines("order.txt")
        try space.file("order.txt", "")
        return lines
    }

    @Test("an equal seed gives an equal order, which is printed, shown by `-n` and recorded")
    func shuffle() throws {
        let space = try workflow()
        let result = try space.run("--shuffle=7")
        #expect(result.code == 0, "\(result)")
        let note = "shuffled by seed 7: `--shuffle=7` gives the same order\n"
        #expect(result.error.contains(note))
        let first = try order(space)
        #expect(first.sorted() == ["a", "b", "c", "d", "e", "f"])
        #expect(first != first.sorted())
        #expect(try space.run("--shuffle=7").code == 0)
        #expect(try order(space) == first)
        let preview = try space.run("-n", "--shuffle=7").output.split(separator: "\n")
            .filter { $0.contains("phase 1") }.map { $0.split(separator: " ")[1] }
        #expect(preview.map(String.init) == first)
        #expect(space.text(".stepvisor/latest/progress.json").contains(#""seed":7,"#))
        #expect(space.text(".stepvisor/latest/events.ndjson").contains(#""seed":7,"#))
    }

    @Test("without a seed one is drawn, and what is printed gives the same order again")
    func drawnSeed() throws {
        let space = try workflow()
        let result = try space.run("--parallel", "--shuffle", "-j1")
        #expect(result.code == 0, "\(result)")
        let first = try order(space)
        let option = try #require(
            result.error.split(separator: "`").first { $0.hasPrefix("--shuffle=") })
        #expect(try space.run(String(option)).code == 0)
        #expect(try order(space) == first)
        // The word after the option is a step, never the seed.
        #expect(try space.run("--shuffle", "b").code == 0)
        #expect(try order(space) == ["b"])
    }

    @Test("a replay runs what a parallel run started, in that order, one at a time")
    func replay() throws {
        let space = try TestSpace()
        // `late` is declared first and can start last; `broken` is never started.
        try space.workflow(
            """
            [[steps]]
            id = "late"
            command = "echo late >> order.txt"
            dependencies = ["early"]
            [[steps]]
            id = "early"
            command = "echo early >> order.txt"
            [[steps]]
            id = "failing"
            command = "echo failing >> order.txt; test -e mended"
            dependencies = ["late"]
            [[steps]]
            id = "broken"
            command = "echo broken >> order.txt"
            dependencies = ["failing"]
            """)
        let first = try space.run("--parallel", "-j2")
        #expect(first.code == 1, "\(first)")
        #expect(try order(space) == ["early", "late", "failing"])

        try space.file("mended", "")
        let again = try space.run("run", "--replay", "latest")
        #expect(again.code == 0, "\(again)")
        #expect(try order(space) == ["early", "late", "failing"])
        #expect(again.error.contains("3 steps, one at a time, in the order in which they started"))
        #expect(again.error.contains("left out, for they never started there: `broken`"))
        #expect(again.error.contains("complete: 3 complete of 3 steps"))
        let progress = space.text(".stepvisor/latest/progress.json")
        #expect(progress.contains(#""execution_mode":"sequential""#))
        #expect(progress.contains(#""replays":""#))

        let preview = try space.run("-n", "--replay", "latest")
        #expect(preview.output.contains("would run 3 of 4 steps, one at a time, in this order"))
        #expect(preview.output.contains("left out: broken"))
    }

    @Test(
        "a replay of steps that overlapped keeps their order, which is neither file's nor graph's")
    func replayOfParallel() throws {
        let space = try TestSpace()
        let steps = ["a", "b", "c", "d"].map { id in
            """
            [[steps]]
            id = "\(id)"
            command = "echo \(id) >> order.txt; [ -e quick ] || sleep 0.3; echo end >> order.txt"
            \(id < "c" ? "resources_required = [\"lock\"]" : "")

            """
        }
        try space.workflow(steps.joined())
        #expect(try space.run("--parallel", "-j3").code == 0)
        // `b` waited for the lock of `a`, while the others ran.
        let starts = try order(space).filter { $0 != "end" }
        #expect(starts.prefix(3).sorted() == ["a", "c", "d"] && starts.last == "b")
        let recorded = try order(of: "latest", in: space)
        #expect(recorded.sorted() == ["a", "b", "c", "d"] && recorded.last == "b")

        try space.file("quick", "")
        let again = try space.run("run", "--replay", "latest")
        #expect(again.code == 0, "\(again)")
        #expect(try order(space) == recorded.flatMap { [$0, "end"] })
    }

    /// The steps of a run in the order in which its journal says that they were launched.
    private func order(of run: String, in space: TestSpace) throws -> [String] {
        space.lines(".stepvisor/\(run)/events.ndjson").filter { $0.contains("\"launched\"") }
            .compactMap { line in
                ["a", "b", "c", "d"].first { line.contains("\"step\":\"\($0)\"") }
            }
    }

    @Test("a replay that cannot be is refused with what stands against it")
    func refused() throws {
        let space = try workflow()
        let none = try space.run("--replay", "latest")
        #expect(none.code == 2)
        #expect(none.error.contains("no run is recorded here"))

        #expect(try space.run("a", "b").code == 0)
        for words in [["--parallel"], ["-j", "2"], ["--resume"], ["c"], ["--only", "a"]] {
            let result = try space.start(["run", "--replay", "latest"] + words).wait()
            #expect(result.code == 2, "\(words): \(result)")
            #expect(result.error.contains("contradict each other"), "\(words): \(result)")
        }
        let unknown = try space.run("--replay", "1999")
        #expect(unknown.code == 2)
        #expect(unknown.error.contains("there is no run `1999`"))
        // Of runs that began in the same second the last by name need not be the latest.
        let latest = try space.shell("printf %s \"$(readlink .stepvisor/latest)\"").output
        try space.directory(".stepvisor/runs/29991231-235959-ffff")
        let help = "the latest is `\(latest.dropFirst(5))`; "
        #expect(try space.run("--replay", "1999").error.contains(help))

        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "true"
            dependencies = ["b"]
            [[steps]]
            id = "b"
            command = "true"
            """)
        let changed = try space.run("--replay", "latest")
        #expect(changed.code == 2)
        #expect(changed.error.contains("`a` started before `b` there, and now depends on it"))
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"true\"\n")
        let gone = try space.run("--replay", "latest")
        #expect(gone.code == 2)
        #expect(gone.error.contains("the workflow has no step `b` any more"))
    }
}
