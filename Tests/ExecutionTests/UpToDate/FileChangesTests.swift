import Testing

@testable import Execution

@Suite("How files differ from what they were")
struct FileChangesTests {
    private static func files(_ list: [(path: String, kind: UInt8, content: UInt8)])
        -> [FileContent]
    {
        list.map {
            FileContent(path: Array($0.path.utf8), kind: $0.kind, digest: Digest(of: [$0.content]))
        }
    }

    private static let before = files([("a", 0, 1), ("c", 0, 2), ("d", 0, 3), ("f", 0, 4)])

    @Test("each file is edited, new, removed, retyped or the same, wherever it stands")
    func changes() {
        let now = Self.files([("b", 0, 1), ("c", 0, 9), ("d", 2, 3), ("f", 0, 4), ("g", 0, 5)])
        let changes = FileContent.changes(from: Self.before, to: now)
        #expect(
            changes.map { "\($0.subject) \($0.change ?? "")" } == [
                "a removed", "b new", "c edited", "d retyped", "g new",
            ])
        // Only whether it can be executed.
        let runnable = Self.files([("a", 1, 1), ("c", 1, 9), ("d", 0, 3), ("f", 0, 4)])
        #expect(
            FileContent.changes(from: Self.before, to: runnable)
                .map { "\($0.subject) \($0.change ?? "")" } == ["a mode", "c edited"])
        #expect(FileContent.changes(from: now, to: now).isEmpty)
        #expect(FileContent.changes(from: [], to: []).isEmpty)
        #expect(FileContent.changes(from: Self.before, to: []).count == 4)
    }

    @Test("outputs that are gone are missing, and others that differ are changed")
    func outputs() {
        let now = Self.files([("a", 0, 1), ("c", 0, 9), ("d", 0, 3), ("e", 0, 1)])
        let causes = RunReason.outputs(left: Self.before, now: now, hasResult: true)
        #expect(
            causes.map(\.text) == [
                "output missing: f", "output is not as it was left: c (edited), e (new)",
            ])
        #expect(RunReason.outputs(left: now, now: now, hasResult: true).isEmpty)
        #expect(
            RunReason.outputs(left: now, now: now, hasResult: false).map(\.text)
                == ["output missing: its STEPVISOR_OUTPUT"])
    }

    @Test("only what a step reads may be mended by those that it needs")
    func mended() {
        let mended = RunReason.Kind.allCases.filter { RunReason($0).mayBeMendedByNeeds }
        #expect(mended == [.inputsChanged, .dependencyDiffers, .dependencyUnknown])
    }
}
