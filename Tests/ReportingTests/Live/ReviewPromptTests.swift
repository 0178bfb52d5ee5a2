import Execution
import Testing
import TestSupport

@testable import Reporting

@Suite("ReviewPrompt")
struct ReviewPromptTests {
    private static let all: [ReviewDecision] = [.retry, .useBackup, .skip, .proceed, .halt]

    private func run(
        _ ids: [String] = ["build", "lint", "docs"], dependencies: [Int: [Int32]] = [2: [0]]
    ) -> ScriptedRun<PlainView> {
        var run = ScriptedRun(ids, dependencies: dependencies, view: PlainView())
        run.begin()
        run.launch(0, at: 0)
        return run
    }

    private func text(
        _ run: ScriptedRun<PlainView>, choices: [ReviewDecision] = all, misread: String? = nil,
        columns: Int = 79, rows: Int = 24, style: Style = .plain
    ) -> [String] {
        var question = ReviewQuestion(step: 0, choices: choices)
        question.misread = misread
        let prompt = ReviewPrompt(
            question, record: run.record, logTail: run.logs.bytes(of: 0), style: style)
        return prompt.text(columns: columns, rows: rows).split(separator: "\n").map(String.init)
    }

    @Test("says what failed and why, what it wrote last, what goes on, and what each answer does")
    func whole() {
        var run = run()
        run.launch(1, at: 0)
        run.logs.append("one\ntwo\nthree\nfour\n\nfive\n  \nsix\n", to: 0)
        run.failForReview(0, at: 1_000)
        #expect(
            text(run) == [
                "decide: `build` failed: exit code 3",
                "  | two", "  | three", "  | four", "  | five", "  | six",
                "  meanwhile `lint` goes on; nothing else starts",
                "  r  retry     run it again",
                "  b  backup    run its first backup",
                "  s  skip      count it as skipped; `docs` runs",
                "  c  continue  leave it failed; `docs` runs all the same, exit 1",
                "  h  halt      leave it failed; nothing more starts, exit 1",
                "r, b, s, c or h? ",
            ])
    }

    @Test("names only so many dependents, and none where there are none")
    func dependents() {
        var many = run(
            ["build", "a", "b", "c", "d", "e"],
            dependencies: [1: [0], 2: [0], 3: [0], 4: [0], 5: [0]])
        many.failForReview(0, at: 1_000)
        let lines = text(many, choices: [.skip, .proceed], columns: 100)
        #expect(
            lines.dropFirst() == [
                "  s  skip      count it as skipped; `a`, `b`, `c` and 2 more run",
                "  c  continue  leave it failed; `a`, `b`, `c` and 2 more run all the same, exit 1",
                "s or c? ",
            ])
        var alone = run(["build"], dependencies: [:])
        alone.failForReview(0, at: 1_000)
        #expect(
            text(alone, choices: [.skip, .proceed]).dropFirst() == [
                "  s  skip      count it as skipped; the run goes on",
                "  c  continue  leave it failed; the run goes on, exit 1",
                "s or c? ",
            ])
    }

    @Test("tells how often it was tried, and by which method last")
    func attempts() {
        var run = run()
        run.at(
            1_000, .attemptFailed(step: 0, AttemptFailure(reason: .exited(3), exit: .exited(3))))
        run.at(1_000, .launched(step: 0, attempt: 2, method: .backup(1), execution: 2))
        run.failForReview(0, at: 2_000, code: 4)
        #expect(
            text(run)[0]
                == "decide: `build` failed: exit code 4; 2 attempts, the last by backup[1]")
    }

    @Test("a wrong answer is shown, short and harmless, and only what can be answered again")
    func misread() {
        let run = run()
        #expect(text(run, misread: "no") == ["`no` is none of them: r, b, s, c or h? "])
        #expect(
            text(run, misread: "\u{1B}[31mred\u{1B}[0m " + String(repeating: "x", count: 99))
                == ["`red xxxxxxxxxxxxxxx…` is none of them: r, b, s, c or h? "])
    }

    @Test(
        "an answer is its letter or its word in any case, and nothing else",
        arguments: [
            ("r", .retry), ("retry", .retry), ("  RETRY ", .retry), ("b", .useBackup),
            ("backup", .useBackup), ("S", .skip), ("continue", .proceed), ("c", .proceed),
            ("halt", .halt), ("H\t", .halt), ("", nil), ("re", nil), ("retry it", nil),
            ("rs", nil), ("\u{1B}[A", nil), ("y", nil),
        ] as [(String, ReviewDecision?)])
    func answers(line: String, decision: ReviewDecision?) {
        let question = ReviewQuestion(step: 0, choices: Self.all)
        #expect(question.decision(for: line) == decision)
        // What is not offered is no answer.
        #expect(ReviewQuestion(step: 0, choices: []).decision(for: line) == nil)
    }

    @Test("whatever ids and logs hold, no line is wider than the terminal, nor are there too many")
    func bounds() {
        var random = SeededGenerator(seed: 7)
        for round in 0..<300 {
            let columns = Int.random(in: 20...100, using: &random)
            let rows = Int.random(in: 2...30, using: &random)
            var run = run(
                (0..<4).map { _ in random.hostileText() }, dependencies: [1: [0], 2: [0]])
            run.launch(3, at: 0)
            for _ in 0..<8 { run.logs.append(random.hostileText() + "\n", to: 0) }
            run.failForReview(0, at: 1_000)
            var screen = Screen(columns: columns)
            let lines = text(
                run, columns: columns - 1, rows: rows, style: Style(isOn: round % 2 == 0))
            screen.show(lines.joined(separator: "\n"))
            #expect(screen.wraps == 0)
            #expect(screen.strange.isEmpty)
            #expect(lines.count <= rows)
            // However small it is, the ways out are shown last.
            #expect(lines.last?.isEmpty == false)
        }
    }
}

@Suite("A question on the screen")
struct QuestionViewTests {
    private static let choices: [ReviewDecision] = [.retry, .skip, .halt]

    /// A run of which one step goes on and another is asked about, on a screen.
    private static func asked(
        columns: Int = 60
    ) -> (run: ScriptedRun<LiveView>, screen: Screen) {
        var run = ScriptedRun(
            ["build", "lint", "docs"], view: LiveView(style: .plain), size: (columns, 24))
        var screen = Screen(columns: columns)
        screen.show(run.begin() + run.launch(0, at: 0) + run.launch(1, at: 0))
        screen.show(run.frame(at: 100))
        run.failForReview(0, at: 1_000)
        screen.show(run.ask(ReviewQuestion(step: 0, choices: choices), at: 1_000))
        return (run, screen)
    }

    private static let begin = [
        "demo: 3 steps, parallel, at most 2 at once (run r1)",
        "[0/3] review  build (1.0s): exit code 3; decision wanted",
        "decide: `build` failed: exit code 3",
        "  meanwhile `lint` goes on; nothing else starts",
        "  r  retry     run it again",
        "  s  skip      count it as skipped; the run goes on",
        "  h  halt      leave it failed; nothing more starts, exit 1",
    ]
    private static let prompt = "r, s or h?"

    @Test("takes the place of the region, and stands still while somebody types")
    func still() {
        var (run, screen) = Self.asked()
        #expect(screen.rows == Self.begin + [Self.prompt])
        screen.show("ret")
        run.logs.append("news\n", to: 1)
        for time in 11..<400 { screen.show(run.frame(at: Int64(time) * 100)) }
        #expect(screen.rows == Self.begin + [Self.prompt + " ret"])
    }

    /// Answers that end in the last column, behind it, and rows further down.
    static let lengths = [1, 48, 49, 50, 108, 109, 110, 200]

    @Test("an answer of any length leaves all lines where they are", arguments: lengths)
    func wrapped(length: Int) {
        var (run, screen) = Self.asked()
        let typed = String(repeating: "x", count: length)
        screen.show(typed + "\r\n")
        var question = ReviewQuestion(step: 0, choices: Self.choices)
        question.misread = typed
        screen.show(run.ask(question, typedLines: 1, at: 2_000))
        for time in 21..<40 { screen.show(run.frame(at: Int64(time) * 100)) }
        let rows = screen.rows
        #expect(Array(rows.prefix(7)) == Self.begin)
        #expect(rows[7...].joined().hasPrefix("\(Self.prompt) \(typed)`x"))
        #expect(rows.last?.hasSuffix("` is none of them: r, s or h?") == true)

        // Then one that is whole, behind which the region comes back.
        screen.show(" " + typed.map { _ in " " }.joined() + "s\r\n")
        run.at(4_000, .decided(step: 0, .skip))
        run.at(4_000, .skipped(step: 0, .decided(.skip)))
        screen.show(run.ask(nil, typedLines: 1, at: 4_000))
        for time in 41..<60 { screen.show(run.frame(at: Int64(time) * 100)) }
        #expect(Array(screen.rows.prefix(rows.count - 1)) == rows.dropLast())
        #expect(
            screen.rows.suffix(4) == [
                "[0/3] review  build: decided: skip", "[1/3] skipped build: decided: skip",
                "  lint    5s", "[======             ] 1/3  1 running  5s",
            ])
        #expect(screen.strange.isEmpty)
    }

    @Test("what happens meanwhile goes into lines of its own, and the prompt comes again below")
    func news() {
        var (run, screen) = Self.asked()
        screen.show("re")
        run.end(1, at: 2_000)
        run.at(2_000, .warning(step: nil, "something"))
        screen.show(run.frame(at: 2_000))
        #expect(
            screen.rows == Self.begin + [
                Self.prompt + " re", "[1/3] ok      lint (2.0s)", "warning: something",
                Self.prompt,
            ])
    }

    @Test("after Ctrl-Z the whole question comes again; when it is withdrawn its line is left")
    func suspended() {
        var (run, screen) = Self.asked()
        screen.show(run.withdraw() + "$ fg\r\n")
        screen.show(run.frame(at: 5_000))
        #expect(
            screen.rows == Self.begin + [Self.prompt, "$ fg"] + Self.begin.dropFirst(2)
                + [Self.prompt])
        run.at(6_000, .stopping(signal: 2))
        screen.show(run.ask(nil, at: 6_000) + run.frame(at: 6_000))
        #expect(screen.rows.contains("[0/3] stopping on SIGINT: no further step starts"))
        #expect(screen.rows.filter { $0.hasPrefix(Self.prompt) } == [Self.prompt, Self.prompt])
    }

    @Test("`--output none` asks too, and so does a terminal that cannot be drawn over")
    func plain() {
        for (view, size) in [
            (LiveView(output: .none, style: .plain), (80, 24)),
            (LiveView(style: .plain), (0, 0)), (LiveView(style: .plain), (15, 3)),
        ] {
            var run = ScriptedRun(["build"], view: view, size: size)
            run.begin()
            run.launch(0, at: 0)
            run.failForReview(0, at: 1_000)
            let text = run.ask(ReviewQuestion(step: 0, choices: Self.choices), at: 1_000)
            #expect(text.hasSuffix("\n\(Self.prompt) "))
            #expect(text.contains("  h  halt"))
            #expect(!text.contains("\u{1B}"))
        }
    }
}
