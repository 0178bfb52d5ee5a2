import Execution
import Foundation
import TestSupport
import Testing

@Suite("Runs of the same steps share their list", .timeLimit(.minutes(20)))
struct SharedStepListTests {
    private static let steps = 80
    private static let list = ".stepvisor/latest/steps.json"

    private func space(steps: Int = steps) throws -> TestSpace {
        let space = try TestSpace()
        try space.file("in", "1\n")
        var text = ""
        for number in 0..<steps {
            text += """
                [[steps]]
                id = "s\(number)"
                command = ["cp", "in", "out\(number)"]
                inputs = ["in"]
                output_files = ["out\(number)"]

                """
        }
        try space.workflow(text)
        return space
    }

    private func run(_ space: TestSpace) throws {
        let result = try space.start(["run", "--smart-execution", "-j4"]).wait(seconds: 60)
        #expect(result.code == 0, "\(result)")
    }

    private func number(of path: String, _ space: TestSpace) throws -> Int {
        let facts = try FileManager.default.attributesOfItem(atPath: space.path(path))
        return try #require(facts[.systemFileNumber] as? Int)
    }

    private func runs(_ space: TestSpace) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: space.path(".stepvisor/runs")).sorted()
    }

    @Test(
        "a run that has nothing to do writes little, and is read like any other when all before are gone"
    )
    func sharing() throws {
        let space = try space()
        try run(space)
        let first = try number(of: Self.list, space)
        try run(space)
        #expect(try number(of: Self.list, space) == first)
        #expect(space.text(".stepvisor/latest/events.ndjson").utf8.count < 2000)
        #expect(space.text(".stepvisor/latest/progress.json").utf8.count < 3000)

        let all = try runs(space)
        #expect(all.count == 2)
        try FileManager.default.removeItem(atPath: space.path(".stepvisor/runs/\(all[0])"))
        // The workflow is another one by now; the run says itself what its steps were.
        try space.workflow("[[steps]]\nid = \"other\"\ncommand = \"true\"\n")
        let status = try space.run("status", "--json")
        #expect(status.code == 0, "\(status)")
        for step in 0..<Self.steps {
            #expect(status.output.contains(#""step_id":"s\#(step)""#))
        }
        #expect(status.output.contains(#""reason_code":"up_to_date""#))
        #expect(!status.output.contains("skipped_together"))
    }

    @Test("`--json` names every step that is skipped")
    func lines() throws {
        let space = try space()
        try run(space)
        let result = try space.start(["run", "--smart-execution", "--json"]).wait(seconds: 60)
        let lines = result.output.split(separator: "\n")
        #expect(lines.count { $0.contains(#""event":"skipped","step":"s"#) } == Self.steps)
        #expect(lines.first?.contains(#""steps":[{"id":"s0","#) == true)
    }

    @Test("other steps have a list of their own, and a damaged one is not handed on")
    func apart() throws {
        let space = try space()
        try run(space)
        let first = try number(of: Self.list, space)
        try space.workflow(
            space.text("workflow.toml") + "[[steps]]\nid = \"more\"\ncommand = \"true\"\n")
        try run(space)
        let second = try number(of: Self.list, space)
        #expect(first != second)

        let good = space.text(Self.list)
        try space.file(Self.list, good.replacing("out17", with: "out71"))
        let status = try space.run("status")
        #expect(status.code == 5, "\(status)")
        #expect(status.error.contains("`steps.json` beside the journal) is damaged"), "\(status)")
        try run(space)
        #expect(try number(of: Self.list, space) != second)
        #expect(space.text(Self.list) == good)

        try FileManager.default.removeItem(atPath: space.path(Self.list))
        let resume = try space.run("run", "--resume")
        #expect(resume.code == 5, "\(resume)")
        #expect(resume.error.contains("`steps.json` beside the journal) is missing"), "\(resume)")
        try run(space)
        #expect(space.text(Self.list) == good)
    }
}
