import Execution
import Testing

@testable import Reporting

@Suite("PlainView")
struct PlainViewTests {
    @Test("each step has one line when it ends, and the summary follows")
    func story() {
        var run = ScriptedRun(
            ["lint", "test", "deploy", "migrate"], dependencies: [2: [1]], view: PlainView())
        var text = run.begin()
        text += run.launch(0, at: 0) + run.launch(1, at: 0)
        text += run.end(0, at: 1_240)
        let holder = LockHolder(resource: "database", pid: 77, runID: "r0", step: "load")
        text += run.at(1_250, .waiting(step: 3, holder: holder))
        text += run.frame(at: 1_300) + run.frame(at: 1_400)
        text += run.end(1, at: 3_000, code: 2)
        text += run.at(3_000, .skipped(step: 2, .dependencyFailed(1)))
        text += run.at(3_000, .halting(step: 1))
        text += run.at(3_000, .skipped(step: 3, .halted(by: 1)))
        text += run.at(3_000, .warning(step: 0, "no\u{1B}[2J use"))
        run.logs.append("first\n\u{1B}[31mboom\u{1B}[0m\n", to: 1)
        let summary = run.finish(at: 3_010, .failed)
        #expect(
            text == """
                demo: 4 steps, parallel, at most 2 at once (run r1)
                [1/4] ok      lint (1.2s)
                [1/4] waiting migrate: `database` is held by step `load` of run r0 (pid 77)
                [1/4] running test
                [2/4] FAILED  test (3.0s): exit code 2
                [3/4] skipped deploy: dependency `test` failed
                [3/4] halted by `test`: no further step starts
                warning: `lint`: no use

                """)
        #expect(summary.contains("  | boom\n"))
        #expect(summary.contains("logs/1.log"))
        #expect(!(text + summary).contains("\u{1B}"))
    }

    @Test("limits, barriers and a standstill have their lines; what was done earlier has none")
    func rareEvents() {
        var run = ScriptedRun(["a", "b"], view: PlainView())
        run.begin()
        #expect(run.at(0, .skipped(step: 0, .doneEarlier(run: "r0", basis: nil))) == "")
        #expect(run.at(1, .suspended) == "")
        #expect(
            run.at(2, .resumed(after: 12_000_000_000))
                == "[1/2] going on after 12.0s of standing still\n")
        #expect(run.at(3, .barrierPassed(task: 0, phase: 1)) == "[1/2] phase 1 has ended\n")
        #expect(
            run.at(
                4, .limitReached(.phase, limitMilliseconds: 1500, phase: Barrier(task: 0, phase: 2))
            )
                == "[1/2] phase 2 took more than 1.5s: its steps are stopped\n")
        #expect(
            run.at(5, .limitReached(.run, limitMilliseconds: 90_000))
                == "[1/2] the run took more than 1m30s: no further step starts\n")
        let reason = StepReason.timedOut(.run, limitMilliseconds: 90_000)
        #expect(run.at(5, .skipped(step: 1, reason)) == "")
        #expect(run.finish(at: 6, .failed).contains("(timed out: the run took more than 1m30s"))
    }

    @Test("after 30 s without a line, one says what still runs, and for how long")
    func heartbeat() {
        var run = ScriptedRun(["slow", "slower", "last"], view: PlainView())
        run.begin()
        run.launch(0, at: 0)
        run.launch(1, at: 15_000)
        #expect(run.frame(at: 16_000) == "[0/3] running slow\n[0/3] running slower\n")
        #expect(run.frame(at: 45_999) == "")
        #expect(run.frame(at: 46_000) == "[0/3] still running: slow (46s) and slower (31s)\n")
        #expect(run.frame(at: 46_500) == "")
        #expect(run.frame(at: 76_000) == "[0/3] still running: slow (1m16s) and slower (1m01s)\n")
    }

    @Test("a wait is said once for each holder")
    func waiting() {
        var run = ScriptedRun(["a"], view: PlainView())
        run.begin()
        let first = LockHolder(resource: "api", pid: 7)
        let second = LockHolder(resource: "api", runID: "r9")
        #expect(
            run.at(0, .waiting(step: 0, holder: first))
                == "[0/1] waiting a: `api` is held (pid 7)\n")
        #expect(run.at(50, .waiting(step: 0, holder: first)) == "")
        #expect(
            run.at(60, .waiting(step: 0, holder: second))
                == "[0/1] waiting a: `api` is held by run r9\n")
    }

    @Test("steps that one of the same run holds back are said in one line, where that lasts")
    func conditionFalse() {
        var run = ScriptedRun(["a", "b", "c", "d", "e", "f"], view: PlainView())
        run.begin()
        run.launch(0, at: 0)
        let holder = LockHolder(resource: "f.md", step: "a", why: .sharedOutput)
        for step in 1..<5 { #expect(run.at(0, .waiting(step: step, holder: holder)) == "") }
        #expect(run.frame(at: 499) == "")
        #expect(
            run.frame(at: 500)
                == "[0/6] waiting b, c, d and 1 more: cannot run in parallel with `a`"
                + " (shared output: f.md)\n")
        #expect(run.frame(at: 900) == "")
        // Said once, whichever holder comes next.
        run.end(0, at: 1_000)
        #expect(run.launch(1, at: 1_000) == "")
        let next = LockHolder(resource: "f.md", step: "b", why: .sharedOutput)
        #expect(run.at(1_000, .waiting(step: 2, holder: next)) == "")
        #expect(run.frame(at: 1_900) == "")
    }

    @Test("a wait that no frame has said is said when it is over, unless it was short")
    func waited() {
        for length in [499, 500] as [Int64] {
            var run = ScriptedRun(["a", "b"], view: PlainView())
            run.begin()
            run.launch(0, at: 0)
            run.at(
                0,
                .waiting(
                    step: 1, holder: LockHolder(resource: "", step: "a", why: .holderRunsAlone)))
            run.end(0, at: length)
            #expect(
                run.launch(1, at: length)
                    == (length < 500 ? "" : "[1/2] waited  b: 0.5s, `a` runs alone\n"))
        }
    }

    @Test("the view suits where its text goes")
    func choice() {
        func choose(
            _ output: OutputMode = .failures, json: Bool = false, terminal: Bool = true,
            type: String? = "xterm"
        ) -> any RunView {
            ViewChoice(
                output: output, wantsJSON: json, isTerminal: terminal, terminalType: type
            ).view(style: .plain)
        }
        #expect(choose() is LiveView)
        #expect(choose(.prefix) is LiveView)
        #expect(choose(.none) is PlainView)
        #expect(choose(terminal: false) is PlainView)
        #expect(choose(type: "dumb") is PlainView)
        #expect(choose(type: nil) is PlainView)
        #expect(choose(json: true) is JSONView)
    }

    @Test("steps that the command line left out are neither shown nor counted")
    func leftOut() {
        var run = ScriptedRun(["a", "b", "c"], view: PlainView())
        run.begin()
        #expect(run.at(0, .skipped(step: 0, .notSelected)) == "")
        #expect(run.at(0, .skipped(step: 2, .notSelected)) == "")
        run.launch(1, at: 0)
        #expect(run.end(1, at: 100) == "[1/1] ok      b (0.1s)\n")
    }

    @Test("a limit that passed while `verify` ran says so, and only of that attempt")
    func timeoutOfCheck() {
        var run = ScriptedRun(["a", "b"], view: PlainView())
        run.begin()
        run.launch(0, at: 0)
        run.at(100, .checkStarted(step: 0, pid: 200, startTicks: 0))
        let reason = StepReason.timedOut(.attempt, limitMilliseconds: 300)
        let words = "timed out after 300ms (attempt)"
        #expect(
            run.at(300, .terminating(step: 0, signal: 15, reason: reason))
                == "[0/2] timeout a: \(words) while `verify` ran, sent SIGTERM\n")
        run.at(310, .attemptFailed(step: 0, AttemptFailure(reason: reason)))
        #expect(
            run.at(310, .reviewWanted(step: 0))
                == "[0/2] review  a (0.3s): \(words) while `verify` ran; decision wanted\n")
        run.launch(0, at: 400)
        #expect(
            run.at(700, .ended(step: 0, StepEnd(status: .failed, reason: reason)))
                == "[1/2] FAILED  a (0.3s): \(words)\n")
        #expect(run.record.reasonText(of: 0) == words)
    }

    @Test("ends of every kind have their word")
    func words() {
        var run = ScriptedRun(["a", "b", "c", "d"], view: PlainView())
        run.begin()
        for step in 0..<4 { run.launch(step, at: 0) }
        let allowed = StepEnd(status: .failed, reason: .exited(1), isAllowed: true)
        let reason = StepReason.timedOut(.attempt, limitMilliseconds: 5_000)
        #expect(
            run.at(50, .terminating(step: 1, signal: 15, reason: reason))
                == "[0/4] timeout b: timed out after 5s (attempt), sent SIGTERM\n")
        #expect(
            run.at(60, .killed(step: 1))
                == "[0/4] killed  b: it had not ended within its grace\n")
        #expect(
            run.at(100, .ended(step: 0, allowed))
                == "[1/4] failed  a (0.1s): exit code 1, which is allowed\n")
        #expect(
            run.at(100, .ended(step: 1, StepEnd(status: .failed, reason: reason)))
                == "[2/4] FAILED  b (0.1s): timed out after 5s (attempt)\n")
        #expect(
            run.at(100, .stopping(signal: 2))
                == "[2/4] stopping on SIGINT: no further step starts\n")
        #expect(
            run.at(100, .ended(step: 2, StepEnd(status: .aborted, reason: .interrupted(2))))
                == "[3/4] aborted c (0.1s): interrupted by SIGINT\n")
        #expect(
            run.at(100, .ended(step: 3, StepEnd(status: .cached))) == "[4/4] cached  d (0.1s)\n")
    }

    @Test("colours are written only where they are asked for")
    func colors() {
        var run = ScriptedRun(["a"], view: PlainView(style: .colored))
        run.begin()
        run.launch(0, at: 0)
        #expect(run.end(0, at: 0).contains("\u{1B}[32mok"))
    }

    @Test("an event that names no step of the run is no reason to stop")
    func strangers() {
        var run = ScriptedRun(["a"], view: LiveView(style: .plain), size: (80, 24))
        run.begin()
        run.launch(7, at: 0)
        run.at(0, .waiting(step: -1, holder: LockHolder(resource: "x")))
        run.at(0, .skipped(step: 9, .dependencyFailed(12)))
        run.end(7, at: 1)
        #expect(run.frame(at: 2_000).contains("0 running"))
    }

    @Test("the cost of an event does not grow with the run")
    func cost() {
        var run = ScriptedRun((0..<10_000).map { "step_\($0)" }, view: PlainView())
        run.begin()
        var bytes = 0
        let time = ContinuousClock().measure {
            for step in 0..<10_000 {
                run.launch(step, at: Int64(step))
                bytes += run.end(step, at: Int64(step)).utf8.count
            }
        }
        #expect(bytes > 200_000)
        // A fraction of a microsecond each when optimized; a scan of all steps would take minutes.
        #expect(time < .seconds(10))
    }
}
