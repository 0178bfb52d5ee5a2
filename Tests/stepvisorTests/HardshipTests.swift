import Foundation
import Testing
import TestSupport

@Suite(
    "What the system refuses is told with its path, and is never a success",
    .timeLimit(.minutes(20)))
struct HardshipTests {
    static let workflow = "[[steps]]\nid = \"a\"\ncommand = \"touch ran\"\n"

    @Test(
        "an unreadable workflow file is told as one, and nothing is run",
        .enabled(if: Hardship.permissionsBind, "nothing here is bound by file permissions"))
    func unreadable() throws {
        let space = try TestSpace()
        try space.file("workflow.toml", Self.workflow, mode: 0)
        for command in ["run", "plan", "check"] {
            let result = try space.shellBoundByPermissions("exec $STEPVISOR \(command)")
            #expect(result.code == 2, "\(command): \(result)")
            #expect(result.error.contains("`workflow.toml`"), "\(command): \(result)")
            #expect(result.error.contains("chmod"), "\(command): \(result)")
        }
        #expect(!space.exists(".stepvisor"))
        #expect(!space.exists("ran"))
    }

    @Test(
        "a state directory that may not be written is exit 5, and no step runs",
        .enabled(if: Hardship.permissionsBind, "nothing here is bound by file permissions"),
        arguments: ["", ".stepvisor", ".stepvisor/runs"])
    func unwritable(directory: String) throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"touch $HOME/ran/a\"\n")
        try space.directory("ran")
        if !directory.isEmpty {
            try space.directory(".stepvisor/runs", mode: 0o700)
            try space.file(".stepvisor/.gitignore", "*\n")
        }
        try space.directory(directory, mode: 0o555)
        let before = space.tree()
        let result = try space.shellBoundByPermissions("exec $STEPVISOR run")
        #expect(result.code == 5, "\(result)")
        #expect(result.error.contains(".stepvisor"), "\(result)")
        #expect(result.error.contains("Permission denied"), "\(result)")
        // The lock is taken before there is a run to make a directory for.
        #expect(space.tree().filter { $0.key != ".stepvisor/run.lock" } == before)
        #expect(try space.shellBoundByPermissions("exec $STEPVISOR plan").code == 0)
    }

    @Test(
        "a read-only file system is exit 5 for a run, and no hindrance to those who only look",
        .enabled(if: Hardship.canMount, "file systems may not be mounted here"))
    func readOnly() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"true\"\n")
        #expect(try space.run().code == 0)
        let before = space.tree()
        let result = try space.shellWithMounts(
            """
            mount --bind . . && mount -o remount,bind,ro . && cd . || exit 99
            cd "$HOME" && for command in plan check status timeline; do
                $STEPVISOR $command > /dev/null || exit 98
            done
            exec $STEPVISOR run
            """)
        #expect(result.code == 5, "\(result)")
        #expect(result.error.contains("Read-only file system"), "\(result)")
        #expect(result.error.contains(".stepvisor"), "\(result)")
        #expect(space.tree() == before)
    }

    /// How a disk gets full, and what a step does meanwhile.
    struct Disk: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var options = "size=256k"
        var before = "true"
        var command = "true"
        var settings = ""
        var startsSteps = true
    }

    static let disks = [
        Disk(
            testDescription: "full before the run", before: "cat /dev/zero > .stepvisor/fill",
            startsSteps: false),
        Disk(
            testDescription: "no room for a further file", options: "nr_inodes=2",
            startsSteps: false),
        Disk(
            testDescription: "filled by a step that then ends well",
            command: "cat /dev/zero > .stepvisor/fill; true"),
        Disk(
            testDescription: "filled by a step's own log",
            command: "head -c 1000000 /dev/zero; true"),
        Disk(
            testDescription: "filled by the log of a step that lets nothing stop it",
            command: "trap '' PIPE TERM; head -c 3000000 /dev/zero; seq 1 100000; touch went-on"),
        Disk(
            testDescription: "filled by a log that the step writes itself",
            command: "head -c 1000000 /dev/zero; true", settings: "log = \"file\""),
    ]

    @Test(
        "a disk that is full is exit 5, and what is on it is whole",
        .enabled(if: Hardship.canMount, "file systems may not be mounted here"), arguments: disks)
    func fullDisk(disk: Disk) throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = '''touch ran; \(disk.command)'''
            \(disk.settings)
            [[steps]]
            id = "b"
            command = "touch after"
            dependencies = ["a"]
            """)
        try space.directory(".stepvisor", mode: 0o700)
        let result = try space.shellWithMounts(
            """
            mount -t tmpfs -o \(disk.options),mode=0700 none .stepvisor || exit 99
            (\(disk.before)) 2> /dev/null
            $STEPVISOR run
            code=$?
            rm -f .stepvisor/fill
            cp -RP .stepvisor kept
            [ -e .stepvisor/latest ] && { $STEPVISOR status || exit 98; }
            exit $code
            """)
        #expect(result.code == 5, "\(result)")
        #expect(result.error.contains("No space left on device"), "\(result)")
        #expect(result.error.contains(".stepvisor/"), "\(result)")
        #expect(result.error.contains("error: cannot"), "\(result)")
        #expect(space.exists("ran") == disk.startsSteps)
        for (name, text) in space.tree() where name.hasPrefix("kept/") {
            #expect(!name.hasSuffix(".tmp"), "\(name)")
            if name.hasSuffix("/events.ndjson") {
                // Every line of it, and nothing behind the last one.
                #expect(text.isEmpty || text.hasSuffix("}\n"), "\(text)")
            }
            if name.hasSuffix("/progress.json") {
                let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
                let status = (object as? [String: Any])?["status"] as? String
                #expect(status != "complete", "\(text)")
            }
        }
    }
}
