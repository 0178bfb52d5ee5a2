import Execution
import Foundation
import Testing

@testable import SupervisorTestSupport

extension Supervision {
    @Suite("Exit statuses")
    struct ExitStatusTests {
        @Test("exit codes and deaths by signal are recorded exactly")
        func exactStatuses() async throws {
            let codes: [Int32] = [
                0, 1, 2, 7, 64, 77, 100, 125, 126, 127, 128, 130, 143, 200, 254, 255,
            ]
            let signals: [Int32] = [
                SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGKILL, SIGUSR1, SIGSEGV, SIGPIPE, SIGALRM,
                SIGTERM,
            ]
            try await Project.with { project in
                var scenario = Scenario()
                for code in codes { scenario.shell("code\(code)", "exit \(code)") }
                for signal in signals { scenario.shell("signal\(signal)", "kill -\(signal) $$") }
                let run = try await project.run(scenario)
                for code in codes {
                    #expect(try run.step("code\(code)").exit == .exited(code))
                    #expect(try run.step("code\(code)").status == (code == 0 ? .complete : .failed))
                }
                for signal in signals {
                    guard case .signalled(signal, _) = try run.step("signal\(signal)").exit else {
                        Issue.record(
                            "signal \(signal): \(String(describing: try run.step("signal\(signal)").exit))"
                        )
                        continue
                    }
                    #expect(try run.step("signal\(signal)").status == .failed)
                }
                #expect(try run.reason("code143").contains("SIGTERM"))
                #expect(try run.reason("signal\(SIGKILL)").contains("not by stepvisor"))
                #expect(run.report.status == "failed")
            }
        }

        @Test("of 500 steps that end at once, 8 at a time, no status is lost or wrong")
        func shortSteps() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.jobs = 8
                for number in 0..<500 {
                    if number % 5 == 4 {
                        scenario.shell("s\(number)", "kill -\(1 + number % 3) $$")
                    } else {
                        scenario.shell("s\(number)", "exit \(number % 256)")
                    }
                }
                let run = try await project.run(scenario)
                for number in 0..<500 {
                    let step = try run.step("s\(number)")
                    let expected: Execution.ExitStatus =
                        number % 5 == 4
                        ? .signalled(Int32(1 + number % 3), coreDumped: false)
                        : .exited(Int32(number % 256))
                    if case .signalled(let signal, _) = step.exit {
                        #expect(.signalled(signal, coreDumped: false) == expected, "s\(number)")
                    } else {
                        #expect(step.exit == expected, "s\(number)")
                    }
                    #expect(step.usage != nil, "s\(number) lost what it cost")
                }
                #expect(run.report.childrenAfter == 0)
            }
        }

        @Test("CPU time is what the step itself was told by the kernel, and fits into its time")
        func processorTime() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                // Fields 14 and 15 of its own stat: ticks of 10 ms in user and kernel mode.
                scenario.shell(
                    "burn",
                    """
                    while :; do
                      read -r _ _ _ _ _ _ _ _ _ _ _ _ _ user system _ < /proc/$$/stat
                      [ $((user + system)) -ge 6 ] && break
                    done
                    echo $((user + system))
                    """)
                scenario.shell("idle", "read line < /proc/self/stat")
                let run = try await project.run(scenario)
                let burn = try run.step("burn")
                let usage = try #require(burn.usage)
                let total = usage.userMicroseconds + usage.systemMicroseconds
                let told = try #require(
                    Int64(run.log("burn").trimmingCharacters(in: .whitespacesAndNewlines)))
                // Ticks are samples, the total is exact: 6 of them are 50 to 60 ms, and then it ends.
                #expect(total >= 45_000, "the step was told \(told) ticks")
                #expect(total <= (burn.duration ?? 0) / 1000 + 10_000)
                let idle = try #require(try run.step("idle").usage)
                #expect(idle.userMicroseconds + idle.systemMicroseconds < total)
            }
        }

        @Test("peak memory is that of the step")
        func peakMemory() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.direct(
                    "large", ["dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1"])
                scenario.direct(
                    "small", ["dd", "if=/dev/zero", "of=/dev/null", "bs=1k", "count=1"])
                let run = try await project.run(scenario)
                let large = try #require(try run.step("large").usage?.peakMemoryKiB)
                let small = try #require(try run.step("small").usage)
                #expect(large >= 64 * 1024 && large < 160 * 1024, "\(large) KiB")
                // Smaller than the supervisor itself, whose memory the kernel's count begins with.
                #expect(small.peakMemoryKiB == nil)
            }
        }
    }
}
