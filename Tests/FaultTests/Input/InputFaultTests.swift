import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What `--resume` makes of inputs that change, vanish or lie.
@Suite("Faults of what steps read", .timeLimit(.minutes(20)))
struct InputFaultTests {
    /// A project whose step `read` reads `in/`, and whose last step fails unless `ok` is there.
    private func space(inputs: String = "\"in/**\"") throws -> TestSpace {
        try TestSpace().workflow(
            """
            [[steps]]
            id = "read"
            command = "echo read >> ran"
            inputs = [\(inputs)]
            [[steps]]
            id = "last"
            command = "test -e ok"
            dependencies = ["read"]
            """
        ).file("in/a", "one").file("in/b", "two")
    }

    private func ran(_ space: TestSpace) -> Int { space.lines("ran").count }

    @Test("fault 60: an input that changes while the step runs is noted, and the step runs again")
    func changedMeanwhile() throws {
        let space = try TestSpace().workflow(
            """
            [[steps]]
            id = "read"
            command = "cat in/a > seen; echo two > in/a; cp saved in/a; echo read >> ran"
            inputs = ["in/*"]
            [[steps]]
            id = "last"
            command = "test -e ok"
            dependencies = ["read"]
            """
        ).file("in/a", "one").file("saved", "one")
        let first = try space.run("run")
        #expect(first.error.contains("`read`: its inputs changed while it ran"))
        // The content is what it was before, so that only the note can tell.
        #expect(space.text("in/a") == "one")
        let second = try space.run("run", "--resume")
        #expect(second.error.contains("`read` runs again: its inputs changed while it ran"))
        #expect(ran(space) == 2)
    }

    @Test("fault 60: what a step writes into its own inputs is its own doing")
    func ownChange() throws {
        let space = try TestSpace().workflow(
            """
            [[steps]]
            id = "read"
            command = "echo made > in/made"
            inputs = ["in/*"]
            output_files = ["in/made"]
            """
        ).file("in/a", "one")
        let result = try space.run("run")
        #expect(result.code == 0)
        #expect(!result.error.contains("warning"))
    }

    @Test("fault 61: a touch is no change, an edit with the same time and size is one")
    func times() throws {
        let space = try space()
        _ = try space.run("run")
        let time = timespec(tv_sec: 1_000_000_000, tv_nsec: 0)
        utimensat(AT_FDCWD, space.path("in/a"), [time, time], 0)
        let touched = try space.run("run", "--resume")
        #expect(touched.error.contains("1 step is done"))
        #expect(ran(space) == 1)
        try space.file("in/a", "eno")
        utimensat(AT_FDCWD, space.path("in/a"), [time, time], 0)
        let edited = try space.run("run", "--resume")
        #expect(edited.error.contains("`read` runs again: its inputs changed"))
        #expect(ran(space) == 2)
    }

    private static let changes: [(name: String, line: String)] = [
        ("deleted", "rm in/b"), ("added", "echo > in/c"), ("renamed", "mv in/b in/c"),
        ("replaced by a directory", "rm in/b; mkdir in/b"),
        ("replaced by a fifo", "rm in/b; mkfifo in/b"),
        ("replaced by a link", "rm in/b; ln -s a in/b"), ("differs in case", "echo two > in/B"),
        ("deleted whole", "rm -r in"),
    ]

    @Test("fault 62: what happens to files is a change", arguments: changes.indices)
    func changed(number: Int) throws {
        let change = Self.changes[number]
        let space = try space()
        _ = try space.run("run")
        #expect(try space.shell(change.line).code == 0)
        let result = try space.run("run", "--resume")
        #expect(
            result.error.contains("`read` runs again: its inputs changed"), "\(change.name)")
        #expect(ran(space) == 2, "\(change.name)")
    }

    @Test("fault 62: loops of links, fifos, sockets and strange names neither block nor differ")
    func strangeFiles() throws {
        let space = try space()
        let made = try space.shell(
            """
            ln -s ../in in/loop; ln -s self in/self; mkfifo in/fifo; mkdir -p in/x/y
            ln -s ../../.. in/x/y/up; printf x > "in/$(printf 'na\\377me')"; printf y > "in/a b
            c"
            """)
        #expect(made.code == 0)
        let first = try space.run("run")
        #expect(!first.error.contains("warning"), "\(first)")
        let second = try space.run("run", "--resume")
        #expect(second.error.contains("1 step is done"), "\(second)")
        #expect(ran(space) == 1)
    }

    @Test(
        "fault 62: inputs that cannot be read never count as unchanged",
        .enabled(if: Hardship.permissionsBind))
    func unreadable() throws {
        let space = try space()
        #expect(try space.shell("chmod 0 in/b").code == 0)
        let line = "\"$STEPVISOR\" run --resume"
        _ = try space.shellBoundByPermissions(line)
        let second = try space.shellBoundByPermissions(line)
        #expect(second.error.contains("`read` runs again: its inputs cannot be read"), "\(second)")
        #expect(ran(space) == 2)
    }

    @Test("fault 63: what another step makes is looked at after that step has ended")
    func producers() throws {
        let space = try TestSpace().workflow(
            """
            [[steps]]
            id = "make"
            command = "cp source made"
            inputs = ["source"]
            output_files = ["made"]
            [[steps]]
            id = "use"
            command = "cp made used; echo use >> ran"
            inputs = ["made"]
            [[steps]]
            id = "last"
            command = "test -e ok"
            dependencies = ["use"]
            """
        ).file("source", "one").file("made", "old")
        _ = try space.run("run")
        // `made` was `old` at the run's start: a look then would now see a change.
        let again = try space.run("run", "--resume")
        #expect(again.error.contains("2 steps are done"), "\(again)")
        #expect(ran(space) == 1)
        // What was changed by hand is made anew, since it is not what the step left.
        try space.file("made", "by hand")
        let other = try space.run("run", "--resume")
        #expect(other.error.contains("`make` runs again: output is not as it was left: made"))
        #expect(space.text("used") == "one")
    }

    @Test("a step with more inputs than are looked at in passing is resumed as any other")
    func manyInputs() throws {
        let space = try space()
        let made = try space.shell("cd in; seq 2500 | while read n; do echo $n > f$n; done")
        #expect(made.code == 0)
        let first = try space.run("run")
        #expect(!first.error.contains("warning"), "\(first)")
        #expect(try space.run("run", "--resume").error.contains("1 step is done"))
        try space.file("in/f2000", "else")
        _ = try space.run("run", "--resume")
        #expect(ran(space) == 2)
    }
}
