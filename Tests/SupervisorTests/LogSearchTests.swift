import Execution
import Foundation
import SystemCalls
import Testing
import TestSupport

@testable import Processes
@testable import Supervisor

@Suite("Logs are looked through line by line, whatever is in them", .timeLimit(.minutes(20)))
struct LogSearchTests {
    private func find(
        _ pattern: String, in text: String, from start: Int64 = 0, to end: Int64? = nil
    ) throws -> Bool {
        let space = try TestSpace()
        try space.file("log", text)
        let number = open(space.path("log"), O_RDONLY | O_CLOEXEC)
        defer { close(number) }
        let search = LogSearch(
            success: pattern, busy: nil, start: start, end: end ?? Int64(text.utf8.count))
        let finding = search.run(in: number)
        #expect(finding.isComplete)
        #expect(!finding.isBusy)
        return finding.hasSuccess
    }

    @Test(
        "a pattern is found in one line, and never over the end of one",
        arguments: [
            ("all [0-9]+ passed", "one\nall 7 passed\nend\n", true),
            ("^b$", "a\nb\nc", true), ("^c$", "a\nb\nc", true), ("a.b", "a\nb", false),
            ("a[[:space:]]b", "a\nb", false), ("^$", "a\n\nb\n", true), ("x", "", false),
        ])
    func lines(pattern: String, text: String, isFound: Bool) throws {
        #expect(try find(pattern, in: text) == isFound)
    }

    @Test("only the part that is asked for is looked at")
    func part() throws {
        let text = "old mark\nnew text\nlater mark\n"
        #expect(try find("mark", in: text, from: 9, to: 18) == false)
        #expect(try find("mark", in: text, from: 9))
        #expect(try find("^text", in: text, from: 13, to: 18))
    }

    @Test(
        "what lies on the border of two pieces is found, in short lines and in endless ones",
        arguments: [1 << 14, (1 << 14) - 3, 1 << 18, (1 << 18) - 3, (1 << 18) + 16_381])
    func borders(offset: Int) throws {
        let padding = String(repeating: "x", count: offset)
        #expect(try find("needle[0-9]", in: padding + "needle7" + padding))
        #expect(try find("^needle7$", in: padding + "\nneedle7\n" + padding))
        let lines = String(repeating: "a line of it\n", count: offset / 13 + 1)
        #expect(try find("needle7$", in: lines + "the needle7\n" + lines))
        #expect(try find("^needle", in: padding + "needle7") == false)
        #expect(try find("needle$", in: padding + "needle" + padding) == false)
    }

    @Test("two patterns are looked for at once, and each is told by itself")
    func both() throws {
        let space = try TestSpace()
        try space.file("log", "429\nfine\n")
        let number = open(space.path("log"), O_RDONLY | O_CLOEXEC)
        defer { close(number) }
        for (success, busy) in [("fine", "429"), ("fine", "503"), ("no", "429"), ("no", "no")] {
            let search = LogSearch(success: success, busy: busy, start: 0, end: 9)
            let finding = search.run(in: number)
            #expect(finding.hasSuccess == (success == "fine"))
            #expect(finding.isBusy == (busy == "429"))
        }
    }

    @Test("a gigabyte takes no more memory than a piece, and is given up when nobody waits for it")
    func giant() throws {
        let space = try TestSpace()
        try space.file("log", "begin\n")
        let size: Int64 = 1 << 30
        truncate(space.path("log"), off_t(size))
        let number = open(space.path("log"), O_RDONLY | O_CLOEXEC)
        defer { close(number) }
        let search = LogSearch(success: "not there", busy: nil, start: 0, end: size)
        let before = ProcessTable.ownPeakMemoryKiB()
        var pieces = 0
        let finding = search.run(in: number) {
            pieces += 1
            return pieces < 400
        }
        #expect(!finding.isComplete && !finding.hasSuccess)
        #expect(pieces == 400)
        // 100 MB were looked at.
        #expect(ProcessTable.ownPeakMemoryKiB() - before < 50_000)
    }
}
