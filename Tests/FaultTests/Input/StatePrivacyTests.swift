import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The state directory belongs to one user, and nothing that is put in its way is used.
@Suite("The state is private", .timeLimit(.minutes(20)))
struct StatePrivacyTests {
    private func space(_ command: String = "true", resource: Bool = false) throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "one"
            command = "\(command)"
            \(resource ? "resources_required = [\"api\"]" : "")
            """)
        return space
    }

    private func mode(_ path: String) -> mode_t {
        var facts = stat()
        return lstat(path, &facts) == 0 ? facts.st_mode & 0o7777 : 0
    }

    @Test("fault 81: all that a run writes is for its user alone, whatever the umask says")
    func modes() throws {
        let space = try space("echo out", resource: true)
        #expect(try space.shell("umask 000; exec \"$STEPVISOR\" run").code == 0)
        let found = try space.shell(
            "find .stepvisor ! -type l -perm /077; find .stepvisor -type f -perm /111")
        #expect(found.output == "", "\(found)")
        #expect(mode(space.path(".stepvisor")) == 0o700)
        #expect(try space.shell("ls .stepvisor/runs/*/logs/one.log").code == 0)
    }

    @Test("fault 81: directories that are open to others are closed to them before they are used")
    func narrowed() throws {
        let space = try space(resource: true)
        for name in ["", "/runs", "/locks"] {
            try space.directory(".stepvisor" + name, mode: 0o777)
        }
        #expect(try space.run().code == 0)
        for name in ["", "/runs", "/locks"] {
            #expect(mode(space.path(".stepvisor" + name)) == 0o700, "\(name)")
        }
    }

    /// What is put in the way of a run, by a line of shell, and what the message names.
    private static let obstacles: [(name: String, line: String)] = [
        (".stepvisor", "mkdir elsewhere; ln -s elsewhere .stepvisor"),
        (".stepvisor", "echo file > .stepvisor"),
        (
            ".stepvisor/runs",
            "mkdir -m 700 .stepvisor elsewhere; ln -s ../elsewhere .stepvisor/runs"
        ),
        (".stepvisor/runs", "mkdir -m 700 .stepvisor; mkfifo .stepvisor/runs"),
        (
            ".stepvisor/locks",
            "mkdir -m 700 .stepvisor elsewhere; ln -s ../elsewhere .stepvisor/locks"
        ),
        (
            "api.0",
            "mkdir -m 700 -p .stepvisor/locks; echo keep > kept; ln -s ../../kept "
                + ".stepvisor/locks/api.0"
        ),
        (
            "api.0",
            "mkdir -m 700 -p .stepvisor/locks; echo keep > kept; ln kept .stepvisor/locks/api.0"
        ),
        ("api.0", "mkdir -m 700 -p .stepvisor/locks; mkfifo .stepvisor/locks/api.0"),
        (
            "run.lock",
            "mkdir -m 700 .stepvisor; echo keep > kept; ln kept .stepvisor/run.lock"
        ),
        (
            "run.lock",
            "mkdir -m 700 .stepvisor; echo keep > kept; ln -s ../kept .stepvisor/run.lock"
        ),
        ("run.lock", "mkdir -m 700 .stepvisor; mkfifo .stepvisor/run.lock"),
    ]

    @Test(
        "fault 81: a link, a hard link, a pipe or a file in the place of state is refused with its name",
        arguments: obstacles)
    func obstacle(_ item: (name: String, line: String)) throws {
        let space = try space("touch ran", resource: true)
        #expect(try space.shell(item.line).code == 0)
        let result = try space.run()
        #expect(result.code == 5, "\(item.line): \(result)")
        #expect(result.error.contains("\(item.name)`"), "\(item.line): \(result)")
        #expect(!space.exists("ran"), "\(item.line)")
        #expect(space.text("kept") == (space.exists("kept") ? "keep\n" : ""), "\(item.line)")
        #expect(try space.shell("ls elsewhere").output == "", "\(item.line)")
    }

    @Test("fault 81: expected lengths in a link or a pipe are not read, and not written through")
    func durations() throws {
        let space = try space()
        #expect(try space.shell("mkdir -m 700 .stepvisor; echo keep > kept").code == 0)
        for line in ["ln -s ../kept .stepvisor/durations.tmp", "mkfifo .stepvisor/durations"] {
            #expect(try space.shell(line).code == 0)
            #expect(try space.run().code == 0)
            #expect(space.text("kept") == "keep\n")
        }
    }

    @Test("fault 81: a log that is a link by the next attempt is not written through")
    func logOfNextAttempt() throws {
        let space = try TestSpace()
        try space.file("kept", "keep\n")
        // Two steps of the same run: the first puts a link where the second's log will be.
        try space.workflow(
            """
            [[steps]]
            id = "first"
            command = "ln -s \\"$PWD/kept\\" \\"$STEPVISOR_RUN_DIR/logs/second.log\\""
            [[steps]]
            id = "second"
            command = "echo overwritten; touch ran"
            dependencies = ["first"]
            """)
        let result = try space.run()
        #expect(result.code == 5, "\(result)")
        #expect(result.error.contains("second.log"), "\(result)")
        #expect(space.text("kept") == "keep\n")
        #expect(!space.exists("ran"))
    }

    @Test(
        "fault 81: state of another user is refused, by commands that only look too",
        .enabled(if: geteuid() == 0, "giving files away takes root"),
        arguments: ["run", "status", "logs"])
    func otherOwner(command: String) throws {
        let space = try space("touch ran")
        #expect(try space.run().code == 0)
        #expect(try space.shell("rm ran; chown 12345 .stepvisor").code == 0)
        let result = try space.run(command)
        #expect(result.code == 5, "\(result)")
        #expect(result.error.contains("belongs to another user (uid 12345)"), "\(result)")
        #expect(!space.exists("ran"))
    }

    @Test("fault 81: host locks without a place of their own are refused, not put into /tmp")
    func hostLocks() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [resources]
            api = { capacity = 1, scope = "host" }
            [[steps]]
            id = "one"
            command = "touch ran"
            resources_required = ["api"]
            """)
        space.environment = ["XDG_STATE_HOME": nil, "HOME": nil]
        let result = try space.run()
        #expect(result.code == 5, "\(result)")
        #expect(result.error.contains("set `XDG_STATE_HOME`"), "\(result)")
        space.environment = ["XDG_STATE_HOME": space.path("open")]
        try space.directory("open", mode: 0o777)
        let open = try space.run()
        #expect(open.code == 5, "\(open)")
        #expect(open.error.contains("others may write to it"), "\(open)")
        #expect(!space.exists("ran"))
        space.environment = ["XDG_STATE_HOME": space.path("closed")]
        #expect(try space.run().code == 0)
        #expect(mode(space.path("closed/stepvisor/locks/api.0")) == 0o600)
    }

    @Test("fault 82: a directory that is swapped for a link during the run changes nothing")
    func swapped() throws {
        let space = try TestSpace()
        try space.directory("elsewhere/locks")
        let swap =
            "mkdir -p elsewhere/runs/$STEPVISOR_RUN_ID/logs; mv .stepvisor moved; "
            + "ln -s elsewhere .stepvisor"
        try space.script("swap.sh", swap)
        try space.workflow(
            """
            [[steps]]
            id = "swap"
            command = ["./swap.sh"]
            [[steps]]
            id = "after"
            command = ["echo", "written after the swap"]
            dependencies = ["swap"]
            """)
        let result = try space.run()
        #expect(result.code == 0, "\(result)")
        #expect(try space.shell("find elsewhere -type f").output == "", "\(result)")
        let log = try space.shell("cat moved/runs/*/logs/after.log")
        #expect(log.output == "written after the swap\n", "\(log)")
        #expect(
            try space.shell("tail -n 1 moved/runs/*/events.ndjson").output.contains("run_ended"))
        #expect(try space.shell("cat moved/runs/*/progress.json").output.contains("\"complete\""))
    }

    @Test("fault 82: locks are not taken in a directory that was put in the place of the state")
    func swappedLocks() throws {
        let space = try TestSpace()
        try space.directory("elsewhere")
        try space.script("swap.sh", "mv .stepvisor moved; ln -s elsewhere .stepvisor")
        try space.workflow(
            """
            [[steps]]
            id = "swap"
            command = ["./swap.sh"]
            [[steps]]
            id = "after"
            command = "touch ran"
            resources_required = ["api"]
            dependencies = ["swap"]
            """)
        let result = try space.run()
        #expect(result.code == 5, "\(result)")
        #expect(result.error.contains("`.stepvisor`: it is a link"), "\(result)")
        #expect(try space.shell("find elsewhere -mindepth 1").output == "", "\(result)")
        #expect(!space.exists("ran"))
    }

    @Test("fault 82: two runs that make the state at the same time both find it")
    func race() throws {
        let space = try space("echo x >> ran")
        let result = try space.shell(
            "for i in 1 2 3 4 5 6; do \"$STEPVISOR\" run --wait & done; wait; wc -l < ran")
        #expect(result.output.contains("6"), "\(result)")
        #expect(mode(space.path(".stepvisor")) == 0o700)
    }
}
