import Foundation
import Testing
import TestSupport

@Suite("What a step needs has to stay as it is while it runs", .timeLimit(.minutes(20)))
struct NeededFileTests {
    private func ran(_ space: TestSpace, _ arguments: String...) throws -> [String] {
        try space.file("ran", "")
        let result = try space.start(["run", "--smart-execution"] + arguments).wait()
        #expect(result.code == 0, "\(result)")
        return space.lines("ran").sorted()
    }

    /// A step that makes `made`, and one that needs it without naming it among its inputs; `wait` is
    /// where a step waits for somebody.
    private func project(_ more: String, waits: Bool) throws -> TestSpace {
        let space = try TestSpace()
        let wait = "[ -e go ] || { echo > up; until [ -e go ]; do sleep 0.02; done; }; "
        try space.file("in", "x\n").file("other", "1")
        try space.workflow(
            """
            [[steps]]
            id = "make"
            command = "echo make >> ran; cp in made"
            inputs = ["in"]
            output_files = ["made"]
            [[steps]]
            id = "hold"
            command = '\(waits ? "true" : wait + "true")'
            dependencies = ["make"]
            inputs = ["other"]
            [[steps]]
            id = "use"
            command = 'echo use >> ran; \(waits ? wait : "")cp made used'
            dependencies = ["make", "hold"]
            inputs = ["other"]
            output_files = ["used"]
            \(more)
            """)
        return space
    }

    @Test("a step that reads nothing, after one that has written, is not said to have changed")
    func nothingRead() throws {
        let space = try project(
            """

            [[steps]]
            id = "tell"
            command = "true"
            dependencies = ["make"]
            [[steps]]
            id = "last"
            command = "echo last >> ran"
            dependencies = ["tell"]
            inputs = ["other"]
            """, waits: true)
        try space.file("go", "")
        let result = try space.run("run", "--smart-execution")
        #expect(result.code == 0 && !result.error.contains("warning"), "\(result)")
        #expect(try ran(space) == [])
    }

    @Test(
        "where somebody changes it before a step runs, or meanwhile, its success does not count",
        arguments: [true, false])
    func changed(meanwhile: Bool) throws {
        let space = try project("", waits: meanwhile)
        let run = try space.start(["run", "--smart-execution"])
        #expect(TestSpace.wait(seconds: 60) { space.exists("up") })
        try space.file("made", "by hand\n")
        try space.file("go", "")
        let result = run.wait(seconds: 60)
        #expect(result.code == 0, "\(result)")
        #expect(space.text("used") == "by hand\n")
        try space.file("made", "x\n")
        #expect(try ran(space) == ["use"])
        #expect(space.text("used") == "x\n")
        #expect(try ran(space) == [])
    }

    @Test("steps that put files into one directory come to rest, in parallel as well")
    func shared() throws {
        let space = try TestSpace()
        var text = """
            [[steps]]
            id = "configure"
            command = "echo configure >> ran; mkdir -p build; cp in build/conf"
            inputs = ["in"]
            output_files = ["build/"]

            """
        for name in ["a", "b", "c"] {
            text += """
                [[steps]]
                id = "\(name)"
                command = "echo \(name) >> ran; cp build/conf build/\(name).o"
                dependencies = ["configure"]
                inputs = ["\(name)"]
                output_files = ["build/\(name).o"]

                """
            try space.file(name, name)
        }
        try space.workflow(text).file("in", "1")
        for content in ["1", "2"] {
            try space.file("in", content)
            #expect(try ran(space, "-j", "4").count == 4)
            for _ in 1...3 { _ = try ran(space, "-j", "4") }
            #expect(try ran(space, "-j", "4") == [], "\(content)")
        }
    }
}
