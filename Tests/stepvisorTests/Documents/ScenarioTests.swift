import Foundation
import Testing
import TestSupport

@Suite("The scenario that is measured", .timeLimit(.minutes(20)))
struct ScenarioTests {
    /// The workflow in a space of its own, its steps' sleeps recorded as their durations.
    private func scenario() throws -> TestSpace {
        let space = try TestSpace()
        let file = OwnWorkflowFixture.repository + "/scripts/benchmark/scenario/workflow.toml"
        let text = try String(contentsOf: URL(fileURLWithPath: file), encoding: .utf8)
        try space.workflow(text)
        let sleeps = text.matches(of: /command = \["sleep", "0\.(\d\d)"\]/).map { $0.output.1 }
        #expect(sleeps == ["60", "45", "30", "50", "20"])
        _ = try space.run("-j", "5")
        try space.durations(
            Dictionary(
                uniqueKeysWithValues: sleeps.enumerated().map { ("1.\($0 + 1)", "\($1)0") }))
        return space
    }

    @Test(
        "it is expected to take exactly 2.05 s in sequence and 1.30 s in phases",
        arguments: [([], 2050), (["--parallel"], 1300)])
    func expected(arguments: [String], wall: Int) throws {
        let space = try scenario()
        let result = try space.start(["plan", "--json"] + arguments).wait()
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        let root = try #require(object as? [String: Any], "\(result)")
        let expected = try #require(root["expected"] as? [String: Int])
        #expect(expected == ["wall_ms": wall, "sum_ms": 2050, "critical_path_ms": 1300])
        #expect(root["max_parallel_steps"] as? Int == (wall == 1300 ? 3 : 1))
        #expect(root["critical_path"] as? [String] == ["1.1", "1.4", "1.5"])
        let phases = try #require(root["phases"] as? [[String: Any]])
        let steps = phases.map { phase in
            (phase["steps"] as? [[String: Any]])?.compactMap { $0["step_id"] as? String }
        }
        #expect(steps == [["1.1", "1.2", "1.3"], ["1.4"], ["1.5"]])
    }

    @Test(
        "it runs in that order, with a barrier after each phase",
        arguments: [[], ["--parallel"]])
    func order(arguments: [String]) throws {
        let space = try scenario()
        // What each step does instead of sleeping is nobody's concern here.
        try space.workflow(
            space.text("workflow.toml").replacing(
                /command = \["sleep", "[0-9.]+"\]/,
                with: "command = \"echo $STEPVISOR_STEP >> order.txt\""))
        let result = try space.start(["run", "-q"] + arguments).wait()
        #expect(result.code == 0, "\(result)")
        let order = space.lines("order.txt")
        #expect(arguments.isEmpty ? order.prefix(3) == ["1.1", "1.2", "1.3"] : true)
        #expect(order.prefix(3).sorted() == ["1.1", "1.2", "1.3"])
        #expect(order.suffix(2) == ["1.4", "1.5"])
        let status = try space.run("status", "--json")
        let object = try JSONSerialization.jsonObject(with: Data(status.output.utf8))
        let tasks = try #require((object as? [String: Any])?["tasks"] as? [[String: Any]])
        let phases = try #require(tasks.first?["phases"] as? [[String: Any]])
        #expect(phases.map { $0["phase_id"] as? Int } == [1, 2, 3])
        #expect(phases.dropLast().allSatisfy { $0["barrier_passed"] is String })
    }
}
