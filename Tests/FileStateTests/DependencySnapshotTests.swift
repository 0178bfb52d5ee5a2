import Foundation
import Testing
import TestSupport
import WorkflowModel

@testable import FileState

@Suite(
    "What a step needs of others is looked at before and after it runs", .timeLimit(.minutes(20)))
struct DependencySnapshotTests {
    /// Step 0 makes `build`, 1 and 2 put files of their own into it, 3 something elsewhere.
    private static func owners() -> OutputWriters {
        let outputs = [
            ["build", "conf/*.h"], ["build/b.o"], ["build/sub/**", "!build/sub/x"], ["other.txt"],
        ]
        var steps = outputs.enumerated().map { number, patterns in
            var step = Step(id: StepID("s\(number)"))
            step.outputFiles = patterns.map { FilePattern($0) }
            return step
        }
        steps[3].modifies = [FilePattern("conf/b.h")]
        return OutputWriters(steps)
    }

    @Test(
        "a file is another step's where that declares it, or a directory above it",
        arguments: [
            ("build/conf", 0, false), ("build/conf", 1, true), ("build/b.o", 0, true),
            ("build/sub/a/b", 0, true), ("build/subway", 0, false), ("build", 0, false),
            ("conf/a.h", 0, false), ("conf/b.h", 0, true), ("conf/a.h", 3, true),
            ("other.txt", 3, false), ("other.txt", 0, true), ("nobody", 0, false), ("", 0, false),
        ])
    func owners(path: String, step: Int, isOther: Bool) {
        #expect(Self.owners().haveOther(than: step, of: Array(path.utf8)) == isOther)
    }

    @Test(
        "a change of a needed file shows, one of a file that another step puts beside it does not")
    func looks() throws {
        let space = try TestSpace()
        try space.file("build/conf", "1").file("build/b.o", "1").file("other.txt", "1")
        let looker = FileHasher(root: space.root.path)
        let need = DependencyOutputs(0, try InputPatterns(["build"], written: []), Self.owners())
        let before = try #require(looker.look(at: [need]))
        #expect(before.count == 3)
        try space.file("other.txt", "22")
        let same = try #require(looker.look(at: [need]))
        #expect((same.whole, same.own) == (before.whole, before.own))
        try space.file("build/b.o", "22")
        let beside = try #require(looker.look(at: [need]))
        #expect(beside.whole != before.whole && beside.own == before.own)
        try space.file("build/conf", "22")
        let changed = try #require(looker.look(at: [need]))
        #expect(changed.own != before.own)
        #expect(looker.look(at: [need], budget: 2) == nil)
        var own = FileHasher(root: space.root.path)
        let found = own.look(at: need.patterns)
        let look = try #require(found)
        #expect(look.signature == changed.whole.first, "they are compared with each other")
    }
}
