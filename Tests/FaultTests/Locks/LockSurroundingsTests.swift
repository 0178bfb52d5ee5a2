import Testing
import TestSupport

/// Nobody waits for what surrounds it, and only that counts as held.
@Suite("Locks of what surrounds a run", .timeLimit(.minutes(20)))
struct LockSurroundingsTests {
    private func project() throws -> TestSpace {
        let space = try TestSpace()
        space.environment = ["XDG_STATE_HOME": space.path("state")]
        return space
    }

    private static let hostResource = "[resources]\ngpu = { capacity = 1, scope = \"host\" }\n"

    @Test("a run under `lock` has what the lock took", arguments: ["", "sh -c '\"$@\"' sh "])
    func underLock(between: String) throws {
        let space = try project()
        try space.workflow(
            LockSurroundingsTests.hostResource
                + "[[steps]]\nid = \"a\"\nresources_required = [\"gpu\"]\ncommand = \"touch ran\"\n"
        )
        let run = try space.shell(
            "\"$STEPVISOR\" lock gpu -- \(between)\"$STEPVISOR\" run", seconds: 60)
        #expect(run.code == 0, "\(run)")
        #expect(space.exists("ran"))
        #expect(try space.shell("\"$STEPVISOR\" lock gpu --no-wait -- true").code == 0)
    }

    @Test("a run inside of a step has what the step took, and `lock` inside of it too")
    func insideOfStep() throws {
        let space = try project()
        try space.file(
            "inner/workflow.toml",
            LockSurroundingsTests.hostResource
                + "[[steps]]\nid = \"b\"\nresources_required = [\"gpu\"]\n"
                + "command = \"$STEPVISOR lock gpu -- touch ../ran\"\n")
        try space.workflow(
            LockSurroundingsTests.hostResource
                + "[[steps]]\nid = \"a\"\nresources_required = [\"gpu\"]\n"
                + "command = \"cd inner && $STEPVISOR run\"\n")
        let run = try space.shell("\"$STEPVISOR\" run", seconds: 60)
        #expect(run.code == 0, "\(run)")
        #expect(space.exists("ran"))
    }

    @Test("a lock of the same name in another project is not held")
    func otherProject() throws {
        let space = try project()
        let taking = "resources_required = [\"db\"]\ncommand = "
        try space.file(
            "other/workflow.toml",
            "[[steps]]\nid = \"b\"\n\(taking)\"touch held; until [ -e go ]; do sleep 0.01; done\"\n"
        )
        try space.workflow(
            "[[steps]]\nid = \"a\"\n\(taking)\"$STEPVISOR lock -f other/workflow.toml --no-wait db -- touch ran\"\n"
        )
        let holder = try space.start(["run"], in: "other")
        #expect(TestSpace.wait { space.exists("other/held") })
        let run = try space.shell("\"$STEPVISOR\" run", seconds: 60)
        #expect(run.code == 1, "\(run)")
        #expect(run.error.contains("exit code 4"), "\(run)")
        #expect(!space.exists("other/ran") && !space.exists("ran"))
        try space.file("other/go", "")
        #expect(holder.wait().code == 0)
    }

    @Test("a run of the same project inside of a step is refused, not waited for")
    func sameProject() throws {
        let space = try project()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"$STEPVISOR run --wait\"\n")
        let run = try space.shell("\"$STEPVISOR\" run", seconds: 60)
        #expect(run.code == 1, "\(run)")
        #expect(run.error.contains("exit code 4"), "\(run)")
        #expect(run.error.contains("was started by a step of the run"), "\(run)")
    }

    @Test("a name that is nearly a step's is asked about")
    func nearMiss() throws {
        let space = try project()
        try space.workflow(
            "[[steps]]\nid = \"a\"\nresources_required = [\"database\"]\ncommand = \"true\"\n")
        let lock = try space.shell("\"$STEPVISOR\" lock databse -- true")
        #expect(lock.code == 0)
        #expect(lock.error.contains("did you mean `database`?"), "\(lock)")
        #expect(try space.shell("\"$STEPVISOR\" lock database -- true").error.isEmpty)
    }
}
