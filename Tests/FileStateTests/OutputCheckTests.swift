import Foundation
import Testing
import TestSupport
import WorkflowModel

@testable import FileState

@Suite("What is there of declared outputs", .timeLimit(.minutes(20)))
struct OutputCheckTests {
    @Test("a path that is missing and one that is empty are told apart")
    func paths() throws {
        let space = try TestSpace()
        try space.file("full", "x").file("empty", "")
        let found = try OutputCheck(["full", "empty", "none"].map(space.path)).look()
        #expect(found.missing == [space.path("none")])
        #expect(found.empty == [space.path("empty")])
    }

    @Test("a directory that a link leads out of the project to is named, and one inside is not")
    func outside() throws {
        let (space, other) = (try TestSpace(), try TestSpace())
        try space.directory("inside")
        let files = FileManager.default
        try files.createSymbolicLink(
            atPath: space.path("out"), withDestinationPath: other.root.path)
        try files.createSymbolicLink(atPath: space.path("in"), withDestinationPath: "inside")
        var workflow = Workflow(name: "outside")
        var step = Step(id: StepID("a"))
        step.outputFiles = ["out/x", "in/x", "inside/x"].map { FilePattern($0) }
        workflow.steps = [step]
        var outside = OutsideOutputs(root: space.root.path)
        let findings = outside.findings(in: workflow)
        #expect(findings.map(\.output) == ["out/x"])
        #expect(findings.first?.link == "out")
    }

    @Test("a file that everybody may write is doubted, and one of this user's alone is not")
    func trust() throws {
        let space = try TestSpace()
        try space.file("open", "").file("own", "")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o666], ofItemAtPath: space.path("open"))
        #expect(ProjectTrust.doubts(about: [space.path("own")]).isEmpty)
        let doubts = ProjectTrust.doubts(about: [space.path("open")])
        #expect(doubts.map(\.isOpenToAll) == [true])
    }
}
