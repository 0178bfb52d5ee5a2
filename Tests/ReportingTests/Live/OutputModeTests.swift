import Execution
import Testing
import TestSupport

@testable import Reporting

@Suite("OutputMode")
struct OutputModeTests {
    /// Two steps that write in turns, one of which fails.
    static func play<View: RunView>(_ view: View) -> String {
        var run = ScriptedRun(["a", "long"], view: view)
        var text = run.begin()
        text += run.launch(0, at: 0) + run.launch(1, at: 0)
        run.logs.append("one\ntwo: 1%\rtwo: 99%", to: 0)
        run.logs.append("::error::x\nhalf", to: 1)
        text += run.frame(at: 100)
        run.logs.append("\nthree", to: 0)
        run.logs.append(" a line\n", to: 1)
        text += run.end(1, at: 150, code: 1)
        text += run.frame(at: 200)
        text += run.end(0, at: 250)
        return text + run.finish(at: 260, .failed)
    }

    /// The lines before the summary.
    static func lines(_ text: String) -> [String] {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return Array(lines.dropFirst().prefix { !$0.isEmpty })
    }

    @Test("failures: only the end shows a log, and only of what failed")
    func failures() {
        let text = OutputModeTests.play(PlainView(output: .failures))
        #expect(
            OutputModeTests.lines(text) == [
                "[1/2] FAILED  long (0.2s): exit code 1", "[2/2] ok      a (0.3s)",
            ])
        #expect(text.contains("ok      a (0.3s)\n\nFAILED long after"))
        #expect(text.contains("  | : :error::x\n  | half a line\n"))
        #expect(!text.contains("three"))
    }

    @Test("group: the whole log of a step stands under its line")
    func group() {
        let text = OutputModeTests.play(PlainView(output: .group))
        #expect(
            OutputModeTests.lines(text) == [
                "[1/2] FAILED  long (0.2s): exit code 1", "    : :error::x", "    half a line",
                "[2/2] ok      a (0.3s)", "    one", "    two: 99%", "    three",
            ])
    }

    @Test(
        "the end shows the tail of a failed step in every mode but none",
        arguments: OutputMode.allCases)
    func tail(mode: OutputMode) {
        let text = OutputModeTests.play(PlainView(output: mode))
        #expect(text.contains("\n  | half a line\n") == (mode != .none))
    }

    @Test("prefix: lines come whole and carry their step")
    func prefix() {
        let text = OutputModeTests.play(PlainView(output: .prefix))
        #expect(
            OutputModeTests.lines(text) == [
                "a    | one", "long | : :error::x", "long | half a line",
                "[1/2] FAILED  long (0.2s): exit code 1", "a    | two: 99%", "a    | three",
                "[2/2] ok      a (0.3s)",
            ])
    }

    @Test("stream: lines come whole, behind the line that says whose they are")
    func stream() {
        let text = OutputModeTests.play(PlainView(output: .stream))
        #expect(
            OutputModeTests.lines(text) == [
                "[0/2] running a", "[0/2] running long", "one", ": :error::x", "half a line",
                "[1/2] FAILED  long (0.2s): exit code 1", "two: 99%", "three",
                "[2/2] ok      a (0.3s)",
            ])
    }

    @Test("none: nothing but what went wrong")
    func none() {
        let text = OutputModeTests.play(PlainView(output: .none))
        #expect(text.hasPrefix("FAILED long"))
        #expect(!text.contains("error::x"))
        var run = ScriptedRun(["a"], view: PlainView(output: .none))
        let quiet = run.begin() + run.launch(0, at: 0) + run.frame(at: 90_000) + run.end(0, at: 1)
        #expect(quiet + run.finish(at: 2) == "")
    }

    @Test("a live view shows the same lines, above its region", arguments: OutputMode.allCases)
    func live(mode: OutputMode) {
        let plain = OutputModeTests.play(PlainView(output: mode))
        #expect(OutputModeTests.play(LiveView(output: mode, style: .plain)) == plain)
    }

    @Test(
        "no frame reads more than its budget, and nothing is lost",
        arguments: [
            OutputMode.group, .prefix, .stream,
        ])
    func bounded(mode: OutputMode) {
        var run = ScriptedRun(["a"], view: PlainView(output: mode))
        run.begin()
        run.launch(0, at: 0)
        let line = String(repeating: "x", count: 99) + "\n"
        run.logs.append(String(repeating: line, count: 20_000), to: 0)
        run.end(0, at: 1)
        var count = 0
        for time in 1...20 {
            let text = run.frame(at: Int64(time))
            #expect(text.utf8.count < 2 * OutputFeed.frameBudget)
            count += text.split(separator: "\n").count { $0.hasSuffix("xxx") }
        }
        #expect(count == 20_000)
    }

    @Test(
        "what is left at the end of a run is shown whole, in pieces",
        arguments: [OutputMode.group, .prefix, .stream])
    func wholeAtEnd(mode: OutputMode) {
        var run = ScriptedRun(["huge", "small", "mute"], view: PlainView(output: mode))
        run.begin()
        for step in 0..<3 { run.launch(step, at: 0) }
        run.logs.append(String(repeating: "yes\n", count: 200_000), to: 0)
        run.logs.append("tiny", to: 1)
        var text = run.end(0, at: 1)
        // The head of the huge one is out, and its log is not.
        text += run.frame(at: 2)
        text += run.end(1, at: 3) + run.end(2, at: 4)
        text += run.finish(at: 5)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.count { $0.hasSuffix("yes") } == 200_000)
        let heads = ["ok      huge (1ms)", "ok      small (3ms)", "ok      mute (4ms)"]
            .enumerated().map { "[\($0 + 1)/3] \($1)" }
        let tiny = [OutputMode.group: "    tiny", .prefix: "small | tiny"][mode] ?? "tiny"
        let expected =
            mode == .group
            ? [heads[0], heads[1], tiny, heads[2]] : [heads[0], tiny, heads[1], heads[2]]
        #expect(lines.filter { expected.contains($0) } == expected)
    }

    @Test(
        "of a log that a terminal is not for the end is shown, and before it where all of it is",
        arguments: [OutputMode.group, .prefix, .stream])
    func drownedTerminal(mode: OutputMode) {
        let line = String(repeating: "x", count: 1 << 16) + "\n"
        let count = Int(OutputFeed.terminalBacklog >> 16) + 10
        for isTerminal in [true, false] {
            let size = Int64(line.utf8.count * count)
            var feed = OutputFeed(mode: mode, keepsColors: false, isTerminal: isTerminal)
            feed.start(0)
            feed.end(0, line: "ok")
            var surroundings = ViewSurroundings(
                terminalSize: nil, logTail: { _, _ in [] },
                logBytes: { _, offset, limit in
                    let limit = min(limit, Int(size - offset))
                    let place = Int(offset) % line.utf8.count
                    return Array(line.utf8.dropFirst(place).prefix(limit))
                },
                logPath: { "logs/\($0).log" })
            surroundings.logSize = { _ in size }
            var lines: [Substring] = []
            while feed.isBehind { lines += feed.nextText(surroundings).split(separator: "\n") }
            let shown = lines.count { $0.contains("xxx") }
            #expect(shown == (isTerminal ? 15 : count))
            let said = lines.firstIndex { $0.contains("all of it is in logs/0.log") }
            #expect((said != nil) == isTerminal)
            if let said { #expect(lines[..<said].allSatisfy { !$0.contains("xxx") }) }
        }
    }

    @Test("an endless line is held and shown only in its beginning")
    func endless() {
        var reader = LogReader(keepsColors: false)
        var lines: [String] = []
        for _ in 0..<1000 { reader.take(Array(repeating: 0x78, count: 10_000), to: &lines) }
        #expect(lines.isEmpty)
        #expect(reader.offset == 10_000_000)
        reader.take([0x0A], to: &lines)
        #expect(lines == [String(repeating: "x", count: LogReader.lineLimit) + "…"])
        reader.take(Array("next".utf8), to: &lines)
        #expect(remainder(of: &reader) == ["next"])
        #expect(remainder(of: &reader) == [])
    }

    private func remainder(of reader: inout LogReader) -> [String] {
        var lines: [String] = []
        reader.finish(to: &lines)
        return lines
    }

    @Test("however a log is cut into reads, its lines are the same")
    func anyCut() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<2_000 {
            var bytes: [UInt8] = []
            for _ in 0..<4 { bytes += random.hostileBytes() + [0x0A] }
            bytes.append(0x61)
            var whole: [String] = []
            var reader = LogReader(keepsColors: true)
            reader.take(bytes, to: &whole)
            var cut: [String] = []
            var second = LogReader(keepsColors: true)
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...5, using: &random)
                second.take(Array(rest.prefix(count)), to: &cut)
                rest = rest.dropFirst(count)
            }
            #expect(whole == cut)
            #expect(remainder(of: &reader) == remainder(of: &second))
        }
    }
}
