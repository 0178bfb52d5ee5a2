import Testing
import TestSupport

@Suite("`--decide` says what becomes of steps that failed", .timeLimit(.minutes(20)))
struct DecideTests {
    private func failed() throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "first"
            command = "true"
            [[steps]]
            id = "build"
            command = "test -e mended"
            dependencies = ["first"]
            [[steps]]
            id = "docs"
            command = "true"
            dependencies = ["build"]
            """)
        return space
    }

    @Test("a decision about what did not fail, or is no step, is refused, and nothing is run")
    func refused() throws {
        let space = try failed()
        let nothing = try space.run("--resume", "--decide", "build=skip")
        #expect(nothing.code == 2, "\(nothing)")
        #expect(nothing.error.contains("there is nothing to decide about: no run is recorded here"))

        #expect(try space.run().code == 1)
        let runs = try space.shell("ls .stepvisor/runs").output
        let cases = [
            ("biuld=retry", "`--decide`: no step `biuld`", "did you mean `build`?"),
            ("first=skip", "`--decide`: `first` did not fail in run", "it ended well"),
            ("docs=skip", "`--decide`: `docs` did not fail in run", "failed there: `build`"),
            (
                "build=retri", "`build=retri` is no value of `--decide`",
                "did you mean `build=retry`?"
            ),
        ]
        for (word, message, help) in cases {
            let result = try space.run("--resume", "--decide", word)
            #expect(result.code == 2, "\(word): \(result)")
            #expect(result.error.contains(message), "\(word): \(result)")
            #expect(result.error.contains(help), "\(word): \(result)")
        }
        #expect(try space.run("--decide", "build=retry").code == 2)
        #expect(try space.shell("ls .stepvisor/runs").output == runs)
    }

    @Test("`-n` shows a decision in the place of a reason")
    func preview() throws {
        let space = try failed()
        #expect(try space.run().code == 1)
        let result = try space.run("-n", "--resume", "--decide", "build=skip")
        #expect(result.code == 0, "\(result)")
        #expect(result.output.contains("would run 1 of 3 steps"))
        #expect(result.output.contains("decided: build (skip)"))
        let again = try space.run("-n", "--resume", "--decide", "build=retry")
        #expect(again.output.contains("build  phase 2  decided: retry"))
    }

    @Test("what was decided holds until the run has come to its end, or is decided otherwise")
    func oneByOne() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [execution]
            error_propagation = "collaborative_review"
            [[steps]]
            id = "a"
            command = "echo a >> ran; exit 1"
            [[steps]]
            id = "b"
            command = "echo b >> ran; exit 1"
            [[steps]]
            id = "c"
            command = "echo c >> ran"
            dependencies = ["a", "b"]
            """)
        #expect(try space.run().code == 3)
        let second = try space.run("--resume", "--decide", "a=skip")
        #expect(second.code == 3, "\(second)")
        #expect(second.error.contains("--resume --decide b=skip"), "\(second)")
        #expect(space.lines("ran") == ["a", "b"])
        let again = try space.run("-n", "--resume", "--decide", "a=retry")
        #expect(!again.output.contains("a (skip)"), "\(again)")
        let third = try space.run("--resume", "--decide", "b=continue")
        #expect(third.code == 1, "\(third)")
        #expect(third.error.contains("`a`: skip, as decided before; `--decide a=retry` runs it"))
        #expect(space.lines("ran") == ["a", "b", "c"])
        // That run has come to its end: what was decided in it is over.
        #expect(try space.run("--resume").code == 3)
        #expect(space.lines("ran") == ["a", "b", "c", "a"])
    }
}
