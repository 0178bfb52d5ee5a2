import Foundation
import Testing
import TestSupport

@Suite(
    "why --between says what a run cannot tell, and which two can be compared",
    .timeLimit(.minutes(20)))
struct RunComparisonTests {
    /// Three runs of a chain: a plain one, one in which `use` ran, and one that ran nothing.
    private func space() throws -> (TestSpace, runs: [String]) {
        let space = try TestSpace()
        try space.chain()
        var runs: [String] = []
        for words in [["run"], ["run", "--smart-execution"], ["run", "--smart-execution"]] {
            #expect(try space.start(words).wait(seconds: 30).code == 0)
            runs.append(space.latestRunID)
            try space.file("docs/b.md", "b\n")
        }
        return (space, runs)
    }

    private func remove(_ run: String, in space: TestSpace) throws {
        try FileManager.default.removeItem(atPath: space.path(".stepvisor/runs/\(run)"))
    }

    /// Expects a failure with these words, after which what it says to type works.
    private func expectHelp(
        _ space: TestSpace, _ words: [String], _ text: String, _ help: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let result = try space.start(["why"] + words).wait(seconds: 30)
        #expect(
            result.code == 2 && result.output == "", "\(result)", sourceLocation: sourceLocation)
        #expect(result.error.contains(text), "\(result)", sourceLocation: sourceLocation)
        if let help {
            #expect(result.error.contains(help), "\(result)", sourceLocation: sourceLocation)
            return
        }
        let line = try #require(
            result.error.split(separator: "try `stepvisor ").dropFirst().first?
                .split(separator: "`").first, "\(result)", sourceLocation: sourceLocation)
        let next = try space.start(line.split(separator: " ").map(String.init)).wait(seconds: 30)
        #expect(next.code == 0, "\(next)", sourceLocation: sourceLocation)
    }

    @Test("a run that was removed is named, with one that is there")
    func removed() throws {
        let (space, runs) = try space()
        try space.file("docs/b.md", "other\n")
        #expect(try space.run("run", "--smart-execution").code == 0)
        try remove(runs[0], in: space)
        let text = "there is no run `\(runs[0])` here, or not any more"
        try expectHelp(space, ["use", "--between", runs[0], "latest"], text)
        try expectHelp(space, ["use", "--between", "latest", runs[0]], text)
        try expectHelp(space, ["use", "--between", runs[0], "latest", "--json"], text)
        // Of a word that is no whole id, what is meant is asked.
        try expectHelp(
            space, ["use", "--between", String(runs[1].dropLast(2)) + "x", "latest"],
            "there is no run", "did you mean `\(runs[1])`?")
        try FileManager.default.removeItem(atPath: space.path(".stepvisor/runs"))
        try expectHelp(
            space, ["use", "--between", runs[0], runs[1]], text,
            "no run here has kept it; `stepvisor run use` does")
    }

    @Test("so is one whose result another run has taken over")
    func sourceRemoved() throws {
        let (space, runs) = try space()
        try space.file("docs/b.md", "other\n")
        #expect(try space.run("run", "--smart-execution").code == 0)
        let last = space.latestRunID
        try remove(runs[1], in: space)
        // The first run and the last have it, the third had taken over what the second made.
        try expectHelp(
            space, ["use", "--between", runs[0], runs[2]],
            "run \(runs[2]) did not run `use` (up to date since run \(runs[1])), "
                + "and run \(runs[1]) is not here")
        let good = try space.run("why", "use", "--between", runs[0], last)
        #expect(good.output.contains("inputs changed: docs/b.md (new)"), "\(good)")
        try remove(runs[0], in: space)
        try expectHelp(
            space, ["use", "--between", last, runs[2]], "and run \(runs[1]) is not here",
            "only run \(last) has kept it; `stepvisor run use` makes another")
    }

    @Test("a step that was skipped, left out, marked, or is new, says so")
    func notRun() throws {
        let space = try TestSpace()
        let broken =
            TestSpace.step("a", "false") + TestSpace.step("b", "true", "dependencies = [\"a\"]")
        try space.workflow(broken)
        #expect(try space.run("run").code == 1)
        let first = space.latestRunID
        try space.workflow(broken.replacing("false", with: "true") + TestSpace.step("new", "true"))
        #expect(try space.run("run", "--only", "a").code == 0)
        let second = space.latestRunID
        try expectHelp(
            space, ["b", "--between", first, second],
            "run \(first) did not run `b`: dependency `a` failed",
            "no run here has kept it; `stepvisor run b` does")
        #expect(try space.run("run").code == 0)
        let third = space.latestRunID
        try expectHelp(
            space, ["b", "--between", second, third],
            "run \(second) did not run `b`: left out by the command line",
            "only run \(third) has kept it; `stepvisor run b` makes another")
        try expectHelp(
            space, ["new", "--between", first, third], "run \(first) has no step `new`",
            "`stepvisor logs`")
        #expect(try space.run("why", "a", "--between", first, third).code == 0)
    }

    @Test("a step that somebody marked as done was made by no run")
    func marked() throws {
        let (space, runs) = try space()
        try space.file("docs/b.md", "other\n")
        #expect(try space.run("mark", "use").code == 0)
        #expect(try space.run("run", "--smart-execution").code == 0)
        try expectHelp(
            space, ["use", "--between", runs[0], "latest"],
            "run \(space.latestRunID) did not run `use`: up to date since mark ")
    }

    @Test("a run of an older version has kept nothing, and one that was killed perhaps not")
    func notKept() throws {
        let (space, runs) = try space()
        let file = ".stepvisor/runs/\(runs[0])/ingredients"
        let bytes = space.text(file)
        #expect(bytes.hasPrefix("stepvisor ingredients 2\n"))
        unlink(space.path(file))
        let help = "only run \(runs[1]) has kept it; `stepvisor run use` makes another"
        try expectHelp(
            space, ["use", "--between", runs[0], runs[1]],
            "run \(runs[0]) did not write what `use` was made from (an older version", help)
        try space.file(file, "stepvisor ingredients 9\n")
        try expectHelp(
            space, ["use", "--between", runs[0], runs[1]],
            "what run \(runs[0]) wrote of what `use` was made from cannot be read", help)
        // Dead before its end: what it was to write then is not there.
        unlink(space.path(file))
        let journal = ".stepvisor/runs/\(runs[0])/events.ndjson"
        let lines = space.text(journal).split(separator: "\n").dropLast()
        try space.file(journal, lines.joined(separator: "\n") + "\n")
        try expectHelp(
            space, ["use", "--between", runs[0], runs[1]],
            "run \(runs[0]) was ended before it wrote what `use` was made from", help)
    }
}
