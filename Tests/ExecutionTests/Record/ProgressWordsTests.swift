import Execution
import Testing

@Suite("ProgressWords")
struct ProgressWordsTests {
    @Test(
        "a measured length is rounded to the last place shown",
        arguments: [
            (0, "0ms"), (-7, "0ms"), (499_999, "0ms"), (500_000, "1ms"), (7_400_000, "7ms"),
            (99_499_999, "99ms"), (99_500_000, "0.1s"), (149_999_999, "0.1s"),
            (300_000_000, "0.3s"), (12_440_000_000, "12.4s"), (59_949_999_999, "59.9s"),
            (59_950_000_000, "1m00s"), (125_000_000_000, "2m05s"),
            (3_599_500_000_000, "1h00m"), (3_720_000_000_000, "1h02m"),
            (86_400_000_000_000, "1d00h"), (Int64.max, "106752d00h"),
        ] as [(Int64, String)])
    func measured(nanoseconds: Int64, text: String) {
        #expect(DurationText.measured(nanoseconds: nanoseconds) == text)
    }

    @Test(
        "a declared length is exact",
        arguments: [
            (0, "0s"), (-1, "0s"), (250, "250ms"), (90_000, "1m30s"), (300_000, "5m"),
            (5_400_000, "1h30m"), (1_001, "1.001s"), (1_500, "1.5s"), (90_250, "1m30.25s"),
            (3_600_000, "1h"),
        ] as [(Int64, String)])
    func declared(milliseconds: Int64, text: String) {
        #expect(DurationText.declared(milliseconds: milliseconds) == text)
    }

    @Test(
        "every reason is a sentence",
        arguments: [
            (.exited(7), "exit code 7"),
            (.exited(126), "exit code 126 (a shell's word for: cannot be executed)"),
            (.exited(127), "exit code 127 (a shell's word for: command not found)"),
            (.exited(130), "exit 130 (shell reports SIGINT)"), (.exited(255), "exit code 255"),
            (
                .signalled(9, coreDumped: false),
                "killed by SIGKILL (not by stepvisor; out of memory?)"
            ),
            (
                .signalled(11, coreDumped: true),
                "killed by SIGSEGV (not by stepvisor), core dumped"
            ),
            (.notStarted("no such file"), "could not be started: no such file"),
            (.timedOut(.attempt, limitMilliseconds: 300_000), "timed out after 5m (attempt)"),
            (
                .timedOut(.idle, limitMilliseconds: 90_000),
                "timed out after 1m30s without output (idle)"
            ),
            (
                .timedOut(.phase, limitMilliseconds: 1000),
                "timed out: its phase took more than 1s (phase)"
            ),
            (
                .timedOut(.run, limitMilliseconds: 1000),
                "timed out: the run took more than 1s (run)"
            ),
            (.wantedTerminal(21), "wanted to read from the terminal (SIGTTIN)"),
            (.wantedTerminal(22), "wanted to write to the terminal (SIGTTOU)"),
            (.unkillable([7]), "cannot be killed: process 7"),
            (.unkillable([7, 9]), "cannot be killed: processes 7, 9"),
            (
                .outputsMissing(["a.md", "b/*"]),
                "exited with 0, but declared output `a.md`, `b/*` is missing"
            ),
            (.doneEarlier(run: "r1", basis: nil), "done earlier, in run r1"),
            (.leftProcesses(1), "left 1 process behind"),
            (.leftProcesses(2), "left 2 processes behind"),
            (.dependencyFailed(0), "dependency `s0` failed"),
            (.halted(by: 3), "halted by critical failure of `s3`"),
            (.interrupted(15), "interrupted by SIGTERM"),
            (.notSelected, "left out by the command line"), (.other("as said"), "as said"),
            (.other(""), "no reason was given"),
        ] as [(StepReason, String)])
    func reason(reason: StepReason, text: String) {
        #expect(reason.sentence(name: { "s\($0)" }) == text)
    }

    @Test(
        "a signal has the name that signal(7) gives it",
        arguments: [
            (1, "SIGHUP"), (2, "SIGINT"), (9, "SIGKILL"), (15, "SIGTERM"), (0, "signal 0"),
            (-1, "signal -1"), (.max, "signal 2147483647"),
        ] as [(Int32, String)])
    func signal(number: Int32, text: String) {
        #expect(SignalName.name(of: number) == text)
    }

    #if os(Linux)
        @Test("every signal of Linux has a name, and no two share one")
        func linuxSignals() {
            let names = (1...64).filter { $0 != 32 && $0 != 33 }.map {
                SignalName.name(of: Int32($0))
            }
            #expect(Set(names).count == 62)
            #expect(names.allSatisfy { $0.hasPrefix("SIG") })
            #expect(SignalName.name(of: 31) == "SIGSYS")
            #expect(SignalName.name(of: 35) == "SIGRTMIN+1")
            #expect(SignalName.name(of: 64) == "SIGRTMAX")
        }
    #endif

    @Test(
        "a moment is RFC 3339 in UTC with milliseconds, cut and not rounded",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_399_999_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_000_000, "2000-03-01T00:00:00.000Z"),
            (1_762_095_605_100_000, "2025-11-02T15:00:05.100Z"),
            (4_107_542_399_000_000, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000Z"),
            (.min, "0000-01-01T00:00:00.000Z"), (.max, "9999-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func timestamp(microseconds: Int64, text: String) {
        #expect(Timestamp.text(WallTime(microseconds: microseconds)) == text)
    }

    @Test("the time of day is the middle of the timestamp")
    func timeOfDay() {
        #expect(Timestamp.timeOfDay(WallTime(microseconds: 1_762_095_605_100_000)) == "15:00:05")
    }
}
