import Execution
import Foundation
import Synchronization
import Testing

@testable import Platform
@testable import Supervisor
@testable import SupervisorTestSupport

extension Supervision {
    @Suite("Signals")
    struct SignalTests {
        /// A step that notes each INT, TERM and HUP and ends when it is told to.
        private static let counter = """
            for name in INT TERM HUP; do trap "echo $name >> $STEPVISOR_STEP.got" $name; done
            echo ready >> ready
            until [ -e finish ]; do sleep 0.01; done
            exit 5
            """

        private func counters(_ line: String = counter) -> Scenario {
            var scenario = Scenario()
            scenario.jobs = 3
            for id in ["a", "b", "c"] { scenario.shell(id, line) }
            scenario.shell("later", "touch started-later", after: ["a"])
            scenario.shell("queued", "touch started-later")
            return scenario
        }

        @Test(
            "INT and HUP reach each step once, nothing more starts, and stepvisor ends by them",
            arguments: [SIGINT, SIGHUP])
        func once(signal: Int32) async throws {
            try await Project.with { project in
                let run = try await project.run(counters(), ending: .signal(signal)) { conductor in
                    try conductor.wait(for: "ready", lines: 3)
                    try conductor.signal(signal)
                    for id in ["a", "b", "c"] { try conductor.wait(for: "\(id).got") }
                    try project.write("finish", "")
                }
                for id in ["a", "b", "c"] {
                    #expect(project.lines("\(id).got") == [signal == SIGINT ? "INT" : "HUP"])
                    #expect(try run.signals(id) == [signal])
                    #expect(try run.step(id).status == .aborted)
                    #expect(try run.step(id).exit == .exited(5))
                }
                for id in ["later", "queued"] {
                    #expect(try run.step(id).status == .skipped)
                    #expect(try run.step(id).reason == .interrupted(signal))
                }
                #expect(project.read("started-later") == nil)
                #expect(run.record.status == .aborted)
                #expect(run.report.problem == nil)
            }
        }

        @Test("TERM stops each step by TERM, and stepvisor ends by it")
        func terminate() async throws {
            try await Project.with { project in
                let run = try await project.run(
                    counters("echo ready >> ready; sleep 60 & wait"), ending: .signal(SIGTERM)
                ) { conductor in
                    try conductor.wait(for: "ready", lines: 3)
                    try conductor.signal(SIGTERM)
                }
                for id in ["a", "b", "c"] {
                    #expect(try run.signals(id) == [SIGTERM])
                    #expect(try run.step(id).exit == .signalled(SIGTERM, coreDumped: false))
                    #expect(try run.step(id).status == .aborted)
                }
            }
        }

        @Test("a second INT hurries: TERM, then KILL; a third kills", arguments: [2, 3])
        func hurried(times: Int) async throws {
            try await Project.with { project in
                let line = """
                    for name in INT TERM HUP; do trap "echo $name >> $STEPVISOR_STEP.got" $name; done
                    echo ready >> ready
                    while :; do sleep 0.01; done
                    """
                let run = try await project.run(counters(line), ending: .signal(SIGINT)) {
                    conductor in
                    try conductor.wait(for: "ready", lines: 3)
                    for number in 1...times {
                        try conductor.signal(SIGINT)
                        // Signals of one kind that come together are one.
                        for id in ["a", "b", "c"] where number < 3 {
                            try conductor.wait(for: "\(id).got", lines: number)
                        }
                    }
                }
                for id in ["a", "b", "c"] {
                    #expect(project.lines("\(id).got") == ["INT", "TERM"])
                    #expect(try run.signals(id) == [SIGINT, SIGTERM, SIGKILL])
                    #expect(try run.step(id).exit == .signalled(SIGKILL, coreDumped: false))
                    #expect(try run.step(id).status == .aborted)
                }
            }
        }

        @Test("after half the grace INT becomes TERM, and KILL at its end; nobody is left")
        func escalation() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.grace = 600
                scenario.shell(
                    "deaf",
                    "trap '' INT TERM; (sleep 60 &); echo ready > ready; while :; do sleep 60; done"
                )
                scenario.shell(
                    "away",
                    "setsid sh -c 'trap \"\" INT TERM; touch away; while :; do sleep 60; done' & until [ -e away ]; do :; done; echo ready >> ready; wait"
                )
                let run = try await project.run(scenario, ending: .signal(SIGINT)) { conductor in
                    try conductor.wait(for: "ready", lines: 1)
                    try conductor.wait(for: "away", lines: 0)
                    try conductor.wait(until: "away") { project.read("away") != nil }
                    try conductor.signal(SIGINT)
                }
                #expect(try run.signals("deaf") == [SIGINT, SIGTERM, SIGKILL])
                #expect(run.report.childrenAfter == 0)
            }
        }

        @Test("an ignored HUP stays without effect here, and steps have its default")
        func nohup() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.surroundings.ignoredSignals = [SIGHUP]
                scenario.shell("waits", "echo ready > ready; until [ -e go ]; do sleep 0.01; done")
                scenario.shell("default", "kill -HUP $$")
                let run = try await project.run(scenario) { conductor in
                    try conductor.wait(for: "ready")
                    try conductor.signal(SIGHUP)
                    try project.write("go", "")
                }
                #expect(try run.step("waits").status == .complete)
                #expect(try run.step("default").exit == .signalled(SIGHUP, coreDumped: false))
                #expect(run.record.stopSignal == nil)
            }
        }

        @Test("a step of its own killing does not stop the run; its group is the step's own")
        func suicide() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.shell("group", "kill -TERM 0; sleep 60")
                scenario.shell("other", "echo fine")
                let run = try await project.run(scenario)
                #expect(try run.step("group").exit == .signalled(SIGTERM, coreDumped: false))
                #expect(try run.step("group").status == .failed)
                #expect(run.log("other") == "fine\n")
            }
        }

        @Test("a summary that nobody reads can be ended by a signal")
        func stalledReader() async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.surroundings.hasStalledReader = true
                scenario.direct("one", ["true"])
                let run = try await project.run(scenario, ending: .signal(SIGINT)) { conductor in
                    try conductor.waitForJournal(toHold: "run_ended")
                    try conductor.signal(SIGINT)
                }
                #expect(run.record.status == .complete)
            }
        }

        @Test("no SIGCHLD is swallowed, however they fall")
        func childSignals() async throws {
            await #expect(processExitsWith: .success) {
                alarm(50)
                ProcessSetup.prepare()
                let source = try SignalSource()
                let round = Atomic<Int>(0)
                let done = Atomic<Int>(0)
                let total = 30_000
                Thread.detachNewThread {
                    for number in 1...total {
                        while round.load(ordering: .acquiring) < number { sched_yield() }
                        raise(SIGCHLD)
                        done.store(number, ordering: .releasing)
                    }
                }
                let end = ContinuousClock.now + .seconds(3)
                for number in 1...total {
                    if ContinuousClock.now > end { exit(0) }
                    raise(SIGCHLD)
                    round.store(number, ordering: .releasing)
                    // The other thread's signal falls before, into or behind this.
                    _ = source.take()
                    while done.load(ordering: .acquiring) < number { sched_yield() }
                    raise(SIGCHLD)
                    var entry = pollfd(fd: source.descriptor, events: Int16(POLLIN), revents: 0)
                    if poll(&entry, 1, 0) != 1 { exit(1) }
                    _ = source.take()
                }
            }
        }
    }
}
