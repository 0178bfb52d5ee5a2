import Foundation
import Testing
import TestSupport

@Suite("`check --strict` judges what is to hold in parallel", .timeLimit(.minutes(20)))
struct StrictCheckTests {
    private static let sound = """
        [execution]
        max_parallel_steps = 2
        error_propagation = "halt_on_critical"
        timeout = "5m"
        [[steps]]
        id = "api"
        command = "echo api > api.md"
        dependencies = []
        output_files = ["api.md"]
        critical = true
        backups = ["touch api.md"]
        [[steps]]
        id = "lint"
        command = "true"
        depends_on = []
        modifies = []
        critical_flag = false
        """

    private func verdicts(_ result: CommandResult) throws -> [String] {
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        let root = try #require(object as? [String: Any])
        let points = try #require(root["safety_checklist"] as? [[String: Any]])
        return points.compactMap { $0["verdict"] as? String }
    }

    @Test("all is met once the workflow has run one step at a time, and not before")
    func becomesMet() throws {
        let space = try TestSpace()
        try space.workflow(Self.sound)
        let before = try space.run("check", "--strict")
        #expect(before.code == 2, "\(before)")
        #expect(before.output.contains("safety checklist: 8 met, 2 not met, 0 not applicable"))
        #expect(before.output.contains(" 8 not met         Tested sequentially first\n"))
        #expect(before.output.contains("no sequential run is on record"))
        #expect(try space.run("check").code == 0)
        #expect(try space.run("-q", "--parallel").code == 0)
        let parallel = try space.run("check", "--strict", "-q")
        #expect(parallel.code == 2, "\(parallel)")
        #expect(parallel.output.hasPrefix(" 8 not met "), "\(parallel)")
        #expect(!parallel.output.contains("Progress logging"), "\(parallel)")

        #expect(try space.run("-q").code == 0)
        let after = try space.run("check", "--strict", "--json")
        #expect(after.code == 0, "\(after)")
        #expect(try verdicts(after) == [String](repeating: "met", count: 10))
        #expect(try space.run("check", "--strict", "-q").output.isEmpty)

        // Another command is not what was tested.
        try space.workflow(Self.sound.replacing("echo api", with: "echo API"))
        let changed = try space.run("check", "--strict")
        #expect(changed.code == 2, "\(changed)")
        #expect(changed.output.contains("since then `api` was changed"), "\(changed)")
    }

    @Test("what is not said is told with the line to set and its place")
    func silent() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "true"
            output_files = ["out"]
            [[steps]]
            id = "b"
            command = "true"
            output_files = ["out"]
            """)
        let result = try space.run("check", "--strict")
        #expect(result.code == 2)
        for part in [
            "safety checklist: 1 met, 9 not met, 0 not applicable",
            "set in `a` (workflow.toml:2):\n                       dependencies = []\n",
            "set in `b` (workflow.toml:6):\n                       dependencies = [\"a\"]\n",
            "set in `[execution]` of workflow.toml:\n                       max_parallel_steps = ",
            "set in `a` (workflow.toml:2) and `b` (workflow.toml:6):\n"
                + "                       critical = true\n",
        ] {
            #expect(result.output.contains(part), "\(part) in \(result)")
        }
        #expect(Array(space.tree().keys) == ["workflow.toml"])
    }

    @Test("beside step files the settings belong into a `workflow.toml`")
    func directory() throws {
        let space = try TestSpace()
        for id in ["a", "b"] {
            try space.step("step_0_\(id)", ["dependencies = []"], "true")
        }
        let result = try space.run("check", "--strict")
        #expect(result.output.contains("set in `[execution]` of steps/workflow.toml:"), "\(result)")
        #expect(result.output.contains("(steps/step_0_a:2)"), "\(result)")
        #expect(result.output.contains(" 1 met "), "\(result)")
    }

    @Test("a workflow that is not valid is told so, and has no list")
    func invalid() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"true\"\ndependencies = [\"x\"]\n")
        let result = try space.run("check", "--strict", "--json")
        #expect(result.code == 2)
        #expect(!result.output.contains("safety_checklist"), "\(result)")
    }
}
