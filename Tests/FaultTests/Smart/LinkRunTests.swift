import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite("Links and directories hide no change from a smart run", .timeLimit(.minutes(20)))
struct LinkRunTests {
    private func ran(_ space: TestSpace, _ more: [String] = []) throws -> [String] {
        let result = try space.start(["--smart-execution"] + more).wait()
        #expect(result.code == 0, "\(result)")
        return try space.ranSince()
    }

    @Test("an edit behind a link to a directory is seen, whatever pattern leads there")
    func behind() throws {
        let space = try TestSpace()
        let patterns = ["data", "data/", "da*/x", "docs/**/*.md", "docs", "docs/"]
        try space.workflow(
            patterns.enumerated().map { number, pattern in
                TestSpace.step(
                    "s\(number)", "echo s\(number) >> ran; cat data/x > o\(number)",
                    "inputs = [\"\(pattern)\"]\noutput_files = [\"o\(number)\"]")
            }.joined())
        try space.file("real/x", "1\n").file("shared/x.md", "1\n").directory("docs")
        symlink("real", space.path("data"))
        symlink("../shared", space.path("docs/shared"))
        #expect(try ran(space).count == 6)
        #expect(try ran(space) == [])
        try space.file("real/x", "2\n")
        #expect(try ran(space) == ["s0", "s1", "s2"])
        #expect(space.lines("o0") == ["2"])
        try space.file("shared/x.md", "2\n")
        #expect(try ran(space) == ["s3", "s4", "s5"])
        #expect(try ran(space) == [])
    }

    @Test("a link that a step leaves is a product with what it leads to, with the cache too")
    func product() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step(
                "make", "echo make >> ran; mkdir -p v1; cp in v1/f; ln -sfn v1 cur",
                "inputs = [\"in\"]\noutput_files = [\"cur\"]")
                + TestSpace.step(
                    "use", "echo use >> ran; cp cur/f out",
                    "inputs = [\"cur/f\"]\noutput_files = [\"out\"]")
                + TestSpace.step(
                    "need", "echo need >> ran; cp cur/f far",
                    "dependencies = [\"make\"]\ninputs = [\"cur\"]\noutput_files = [\"far\"]"))
        // What a link leads to is not kept with it, so the step that leaves one always has to run.
        let rounds = [
            ("1", ["make", "use", "need"]), ("2", ["make", "use", "need"]), ("1", ["make"]),
        ]
        for (round, (text, expected)) in rounds.enumerated() {
            try space.file("in", "\(text)\n")
            #expect(try ran(space, ["--cache"]) == expected, "\(round)")
            #expect(space.lines("out") == [text])
            #expect(space.lines("far") == [text])
            #expect(try ran(space, ["--cache"]) == [], "\(round)")
        }
    }

    @Test(
        "what reads in a directory that another step writes comes after it, and the other way round"
    )
    func directories() throws {
        let space = try TestSpace()
        func reader(_ name: String, _ input: String, of file: String) -> String {
            TestSpace.step(
                name, "echo \(name) >> ran; cp \(file) \(name).txt",
                "inputs = [\"\(input)\"]\noutput_files = [\"\(name).txt\"]")
        }
        try space.workflow(
            reader("r1", "out", of: "out/a") + reader("r2", "./out/../out/a", of: "out/a")
                + reader("r3", space.path("out/a"), of: "out/a")
                + reader("r4", "dir/x/y", of: "dir/x/y")
                + TestSpace.step(
                    "w1", "echo w1 >> ran; cp in out/a",
                    "inputs = [\"in\"]\noutput_files = [\"out/a\"]")
                + TestSpace.step(
                    "w2", "echo w2 >> ran; mkdir -p dir/x; cp in dir/x/y",
                    "inputs = [\"in\"]\noutput_files = [\"dir\"]"))
        try space.file("in", "1\n").directory("out")
        #expect(try ran(space).count == 6)
        #expect(try ran(space) == [])
        try space.file("in", "2\n")
        #expect(try ran(space).count == 6)
        for name in ["r1", "r2", "r3", "r4"] { #expect(space.lines("\(name).txt") == ["2"]) }
    }

    @Test("check and plan tell of an output that is written twice, check of a read in no order")
    func told() throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("a", "cp i o", "inputs = [\"i\"]\noutput_files = [\"o\"]")
                + TestSpace.step(
                    "b", "echo more >> o",
                    "dependencies = [\"a\"]\ninputs = [\"j\"]\noutput_files = [\"o\"]")
                + TestSpace.step("gen", "cp i cfg", "inputs = [\"i\"]\nmodifies = [\"cfg\"]")
                + TestSpace.step("use", "cat cfg", "inputs = [\"cfg\"]"))
        let check = try space.start(["check"]).wait()
        #expect(check.code == 0)
        let said = check.output + check.error
        #expect(said.contains("step `b` writes `o` after step `a`"), "\(check)")
        #expect(said.contains("`a` writes it here"), "\(check)")
        #expect(said.contains("step `use` reads `cfg`, which step `gen` modifies"), "\(check)")
        #expect(said.contains("dependencies = [\"gen\"]"), "\(check)")
        let plan = try space.start(["plan"]).wait()
        #expect(plan.output.contains("step `b` writes `o` after step `a`"), "\(plan)")
    }
}
