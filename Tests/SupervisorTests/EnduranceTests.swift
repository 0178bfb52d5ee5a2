import Execution
import Foundation
import Testing

@testable import SupervisorTestSupport

extension Supervision {
    @Suite("Endurance")
    struct EnduranceTests {
        @Test("2,000 steps leave no descriptor, no zombie and no memory behind")
        func nothingIsLeft() async throws {
            try await Project.with { project in
                // Foundation closes its ends a moment later, on a thread of its own.
                let before = """
                    least=$(ls /proc/$PPID/fd | wc -l)
                    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
                      now=$(ls /proc/$PPID/fd | wc -l)
                      [ $now -lt $least ] && least=$now
                    done
                    echo $least > least
                    grep VmRSS: /proc/$PPID/status | tr -dc 0-9
                    """
                let after = """
                    until [ $(ls /proc/$PPID/fd | wc -l) -le $(($(cat least) + 4)) ]; do :; done
                    grep VmRSS: /proc/$PPID/status | tr -dc 0-9
                    """
                var scenario = Scenario()
                scenario.jobs = 8
                let early = (0..<500).map { "e\($0)" }
                let late = (0..<1500).map { "l\($0)" }
                for id in early { scenario.direct(id, ["/bin/true"]) }
                scenario.shell("before", before, after: early)
                for id in late { scenario.direct(id, ["/bin/true"], after: ["before"]) }
                scenario.shell("after", after, after: late) { $0.timeout = 15_000 }
                let run = try await project.run(scenario)
                #expect(run.report.status == "complete")
                #expect(try run.step("after").status == .complete, "descriptors were left open")
                let first = try #require(Int(run.log("before")))
                let second = try #require(Int(run.log("after")))
                #expect(second <= first + 12 * 1024, "KiB: \(first), then \(second)")
                // What a run of one step opens for good, Foundation's own sockets among it.
                var single = Scenario()
                single.direct("one", ["/bin/true"])
                let one = try await project.run(single).report
                #expect(
                    run.report.descriptorsAfter - run.report.descriptorsBefore
                        <= one.descriptorsAfter - one.descriptorsBefore + 2)
                #expect(run.report.childrenAfter == 0)
            }
        }

        @Test(
            "with 64 descriptors, 100 ready steps all get their turn",
            arguments: [[:], ["api": 1]])
        func fewDescriptors(resources: [String: Int]) async throws {
            try await Project.with { project in
                var scenario = Scenario()
                scenario.jobs = 60
                scenario.surroundings.openFileLimit = 64
                scenario.resources = [.init(name: "api", capacity: 100)]
                for number in 0..<100 {
                    scenario.shell("s\(number)", "sleep 0.02; exit \(number)") {
                        $0.resources = resources
                        $0.log = number % 4 == 0 ? "pipe" : nil
                    }
                }
                let run = try await project.run(scenario)
                for number in 0..<100 {
                    #expect(try run.step("s\(number)").exit == .exited(Int32(number)))
                }
                #expect(run.report.problem == nil)
            }
        }
    }
}
