import Execution
import Foundation
import Testing

@testable import SupervisorTestSupport

/// Lines of shell that leave something behind, and the files by which its beginning is known.
private enum Line {
    /// Leaves the group; the step ends when that is certain.
    static func escape(_ name: String, then command: String = "exec sleep 60") -> String {
        """
        setsid sh -c 'echo $$ > \(name).tmp; mv \(name).tmp \(name); \(command)' &
        until [ -s \(name) ]; do :; done
        """
    }
}

extension Supervision {
    @Suite("Leftovers")
    struct LeftoverTests {
        @Test("a step that closes all its descriptors holds up nobody")
        func closedDescriptors() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.direct(
                    "closer",
                    [
                        "bash", "-c",
                        """
                        for file in /proc/$$/fd/*; do
                          n=${file##*/}
                          [ "$n" -gt 2 ] && eval "exec $n>&-"
                        done
                        exec 0<&- 1>&- 2>&-
                        touch closed
                        until [ -e open ]; do sleep 0.01; done
                        exit 3
                        """,
                    ])
                scenario.shell("first", "until [ -e closed ]; do sleep 0.01; done")
                let others = (0..<50).map { "other\($0)" }
                for (number, id) in others.enumerated() {
                    scenario.shell(id, "exit \(number)", after: ["first"]) { $0.isCritical = false }
                }
                // Ends last, by the engine's order alone: only when it runs may the closer end.
                scenario.shell("opener", "touch open", after: ["first", others[0]])
                let run = try await project.run(scenario)
                #expect(try run.step("closer").exit == .exited(3))
                for (number, id) in others.enumerated() {
                    #expect(try run.step(id).exit == .exited(Int32(number)))
                }
                #expect(run.report.childrenAfter == 0)
            }
        }

        @Test("`sleep 60 & exit 7` ends at once with 7, and the sleep is named and stopped")
        func backgroundChild() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.shell("seven", "sleep 60 & exit 7")
                let run = try await project.run(scenario)
                let step = try run.step("seven")
                #expect(step.exit == .exited(7))
                #expect(step.reason == .exited(7))
                #expect(step.leftovers.count == 1)
                // It may be seen before its exec, when it still is the shell's copy.
                #expect(step.leftovers.first?.command.contains("sleep 60") == true)
                #expect(try run.signals("seven") == [SIGTERM])
                #expect((step.duration ?? .max) < 20_000_000_000)
            }
        }

        @Test(
            "what ignores TERM dies by KILL when the grace is over, and only then the step has ended"
        )
        func stubbornChild() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.shell(
                    "stubborn",
                    "(trap '' TERM; : > deaf; exec sleep 60) & until [ -e deaf ]; do :; done; echo $! > pid"
                ) { $0.grace = 300 }
                scenario.shell(
                    "next",
                    "{ read -r _ _ state _ < /proc/$(cat pid)/stat; } 2> /dev/null; [ \"${state:-Z}\" = Z ]",
                    after: ["stubborn"])
                let run = try await project.run(scenario)
                let step = try run.step("stubborn")
                #expect(step.status == .complete)
                #expect(step.leftovers.count == 1)
                #expect(try run.signals("stubborn") == [SIGTERM, SIGKILL])
                #expect((step.duration ?? 0) >= 300_000_000)
                #expect(try run.step("next").status == .complete)
            }
        }

        @Test("leftovers may fail a step, or be warned of")
        func policies() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.shell("fail", "sleep 60 & sleep 60 & exit 0") { $0.leftovers = "fail" }
                scenario.shell("warn", "sleep 60 & exit 0") { $0.leftovers = "warn" }
                let run = try await project.run(scenario)
                #expect(try run.step("fail").status == .failed)
                #expect(try run.step("fail").reason == .leftProcesses(2))
                #expect(try run.step("warn").status == .complete)
                #expect(run.record.warnings.contains { $0.contains("left a process running") })
            }
        }

        @Test(
            "what leaves its group delays no dependent, is named with its step, and ends with the run",
            arguments: ["exec sleep 60", "trap '' TERM; while :; do sleep 60; done"])
        func escapee(command: String) async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.shell("escape", Line.escape("away", then: command))
                scenario.shell("fork", "(\(Line.escape("twice", then: command))) & wait")
                scenario.shell(
                    "next", "kill -0 $(cat away) && kill -0 $(cat twice)",
                    after: ["escape", "fork"])
                let run = try await project.run(scenario)
                #expect(try run.step("next").status == .complete)
                for (id, file) in [("escape", "away"), ("fork", "twice")] {
                    #expect(try run.step(id).status == .complete)
                    let pid = try #require(Int32(project.lines(file).first ?? ""))
                    #expect(try run.step(id).leftovers.contains { $0.pid == pid }, "\(id)")
                    #expect(kill(pid, 0) == -1)
                }
                #expect(run.report.status == "complete")
                #expect(run.report.childrenAfter == 0)
            }
        }

        @Test(
            "a member of the group is found though its parent left the group, and was seen, before")
        func memberOfEscapee() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                // The parent of the member leaves the group in place, and its own parent ends.
                scenario.shell(
                    "left",
                    """
                    (sh -c 'sleep 1000 & echo $! > pid.tmp; mv pid.tmp pid; exec setsid sleep 1001' &)
                    until [ -e go ]; do sleep 0.01; done
                    """)
                // At whose end stepvisor looks at orphans.
                scenario.shell(
                    "look",
                    """
                    until [ -s pid ] && read -r _ _ _ parent _ < /proc/$(cat pid)/stat \\
                      && read -r _ _ _ above group _ < /proc/$parent/stat \\
                      && [ "$parent" = "$group" ] && [ "$above" = $PPID ]; do sleep 0.01; done
                    """)
                scenario.shell("go", "touch go", after: ["look"])
                scenario.shell(
                    "next",
                    "{ read -r _ _ state _ < /proc/$(cat pid)/stat; } 2> /dev/null; [ \"${state:-Z}\" = Z ]",
                    after: ["left"])
                let run = try await project.run(scenario)
                let pid = try #require(Int32(project.lines("pid").first ?? ""))
                #expect(try run.step("left").leftovers.contains { $0.pid == pid })
                #expect(try run.step("next").status == .complete)
                #expect(run.report.childrenAfter == 0)
            }
        }

        @Test("orphans that end are reaped while the run goes on")
        func orphans() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.shell(
                    "parent",
                    """
                    for n in 1 2 3 4 5 6 7 8 9 10; do (true &); done
                    until [ "$(grep -l '^PPid:.'$PPID'$' /proc/[0-9]*/status 2> /dev/null | wc -l)" -eq 1 ]
                    do sleep 0.01; done
                    """)
                let run = try await project.run(scenario)
                #expect(try run.step("parent").status == .complete)
                #expect(try run.step("parent").leftovers.isEmpty)
                #expect(run.report.childrenAfter == 0)
            }
        }
    }
}
