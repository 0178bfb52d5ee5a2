import Execution
import Foundation
import Testing

extension Supervision {
    @Suite("Endurance")
    struct EnduranceTests {
        @Test("2,000 steps leave no descriptor, no zombie and no memory behind")
        func nothingIsLeft() async throws {
            try await Project.with { project in
                let sample =
                    "ls /proc/$PPID/fd | wc -l; grep VmRSS: /proc/$PPID/status | tr -dc 0-9"
                var scenario = Scenario()
                scenario.jobs = 8
                let early = (0..<500).map { "e\($0)" }
                let late = (0..<1500).map { "l\($0)" }
                for id in early { scenario.direct(id, ["/bin/true"]) }
                scenario.shell("before", sample, after: early)
                for id in late { scenario.direct(id, ["/bin/true"], after: ["before"]) }
                scenario.shell("after", sample, after: late)
                let run = try await project.run(scenario)
                #expect(run.report.status == "complete")

                let before = run.log("before").split(separator: "\n").compactMap { Int($0) }
                let after = run.log("after").split(separator: "\n").compactMap { Int($0) }
                try #require(before.count == 2 && after.count == 2)
                // Foundation closes its ends a moment later, on a thread of its own.
                #expect(after[0] <= before[0] + 8, "descriptors: \(before[0]), then \(after[0])")
                #expect(after[1] <= before[1] + 12 * 1024, "KiB: \(before[1]), then \(after[1])")
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
