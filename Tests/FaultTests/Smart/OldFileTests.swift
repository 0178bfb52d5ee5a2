import Foundation
import Testing
import TestSupport

@Suite("Files that are old enough are known by their looks", .timeLimit(.minutes(20)))
struct OldFileTests {
    @Test("what was there before a step ran again is not remembered of those that need it")
    func provisional() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "make"
            command = "cat source > made; echo make >> ran"
            inputs = ["source"]
            output_files = ["made"]
            [[steps]]
            id = "use"
            command = "cat made other > used; echo use >> ran"
            inputs = ["made", "other"]
            output_files = ["used"]
            """)
        try space.file("source", "s\n").file("other", "o\n")
        #expect(try space.run("run", "--smart-execution").code == 0)
        #expect(space.lines("ran") == ["make", "use"])
        waitUntilAllIsOld()
        #expect(try space.run("run", "--smart-execution").code == 0)
        try space.file("made", "by hand\n")
        waitUntilAllIsOld()
        #expect(try space.run("run", "--smart-execution").code == 0)
        #expect(space.lines("ran") == ["make", "use", "make"])
        #expect(try space.run("run", "--smart-execution").code == 0)
        #expect(space.lines("ran") == ["make", "use", "make"])
        #expect(space.text("used") == "s\no\n")
    }

    /// Two seconds are the age from which a file's looks are trusted.
    private func waitUntilAllIsOld() {
        let end = Date().addingTimeInterval(2.2)
        #expect(TestSpace.wait(seconds: 20) { Date() > end })
    }
}
