import Foundation
import Testing
import TestSupport

@Suite("Faults 47 to 49: the disk is full, read-only, or cleared away", .timeLimit(.minutes(20)))
struct DiskFaultTests {
    private static let chain = (0..<60).map { number in
        """
        [[steps]]
        id = "s\(number)"
        command = "true"
        dependencies = [\(number == 0 ? "" : "\"s\(number - 1)\"")]

        """
    }.joined()

    @Test("fault 47: a record that cannot grow is exit 5, and its good beginning is readable")
    func recordCannotGrow() throws {
        let space = try TestSpace()
        try space.workflow(Self.chain)
        // A limit on the size of files is met like a full disk.
        let run = try space.shell("ulimit -f 24; exec $STEPVISOR", seconds: 60)
        #expect(run.code == 5, "\(run)")
        #expect(run.error.contains("error: cannot write"), "\(run)")
        // The progress is larger than the journal, but not written at each event: either may be first.
        #expect(
            run.error.contains("/events.ndjson`") || run.error.contains("/progress.json"), "\(run)")
        #expect(!run.error.contains("complete: 60"), "\(run)")
        let status = try space.run("status")
        #expect(status.code == 0, "\(status)")
        #expect(!status.error.contains("damaged"), "\(status)")
        #expect(space.text(".stepvisor/latest/events.ndjson").hasSuffix("}\n"))
        #expect(space.text(".stepvisor/latest/events.ndjson").contains("\"complete\""))
    }

    @Test(
        "fault 47: a limit on the size of files ends the step that goes beyond it, or the run with exit 5",
        arguments: ["file", "pipe"])
    func fileSizeLimit(log: String) throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "loud"
            command = "seq 1 300000"
            log = "\(log)"
            [[steps]]
            id = "beside"
            command = "echo $$ > pid; exec sleep 60"
            """)
        let run = try space.shell("ulimit -c 0; ulimit -f 500; exec $STEPVISOR -j2", seconds: 60)
        #expect(run.code == (log == "file" ? 1 : 5), "\(run)")
        #expect(run.error.contains(log == "file" ? "SIGXFSZ" : "ulimit -f unlimited"), "\(run)")
        #expect(space.number("pid").map(RunRemains.lives) != true)
        // A step's own handling of the signal is its own affair.
        try space.workflow(
            "[[steps]]\nid = \"own\"\ncommand = \"head -c 2000000 /dev/zero > big; exit 3\"\n")
        let own = try space.shell("ulimit -c 0; ulimit -f 500; exec $STEPVISOR", seconds: 60)
        #expect(own.code == 1, "\(own)")
    }

    @Test("fault 47: a file size limit of 0 is exit 5 at once, with what to do")
    func noFileAtAll() throws {
        let space = try TestSpace()
        try space.workflow(Self.chain)
        let run = try space.shell("(ulimit -f 0; exec $STEPVISOR) 2>&1 | cat", seconds: 60)
        #expect(run.output.contains("ulimit -f unlimited"), "\(run)")
        #expect(!space.exists(".stepvisor/latest"))
    }

    @Test("fault 47: a record that could not be written to its end is not called complete")
    func lastDocument() throws {
        let space = try TestSpace()
        // A directory in the place of the file that the last document is written to.
        try space.workflow(
            """
            [[steps]]
            id = "last"
            command = "mkdir .stepvisor/latest/progress.json.tmp"
            """)
        let run = try space.run()
        #expect(run.code == 5, "\(run)")
        #expect(run.error.contains("progress.json"), "\(run)")
        #expect(!run.error.contains("complete: 1"), "\(run)")
        #expect(run.error.contains("aborted (cannot "), "\(run)")
    }

    @Test(
        "fault 47: a full file system is exit 5, at the start and in the middle",
        .enabled(if: Hardship.canMount, "file systems may not be mounted here"),
        arguments: ["cat /dev/zero > .stepvisor/fill", "true"])
    func fullFileSystem(before: String) throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "fill"
            command = "cat /dev/zero > .stepvisor/fill; true"

            """ + Self.chain.replacingOccurrences(of: "[]", with: "[\"fill\"]"))
        try space.directory(".stepvisor", mode: 0o700)
        let run = try space.shellWithMounts(
            """
            mount -t tmpfs -o size=256k,mode=0700 none .stepvisor || exit 99
            (\(before)) 2> /dev/null
            $STEPVISOR
            code=$?
            rm -f .stepvisor/fill
            [ -e .stepvisor/latest ] && { $STEPVISOR status > status || exit 98; }
            exit $code
            """)
        #expect(run.code == 5, "\(run)")
        #expect(run.error.contains("No space left on device"), "\(run)")
        #expect(!run.error.contains("complete: 61"), "\(run)")
        #expect(!space.text("status").contains("complete: 61"))
    }

    @Test(
        "a full disk is named as the reason, in lines, summary, status, journal and record",
        .enabled(if: Hardship.canMount, "file systems may not be mounted here"),
        arguments: ["cat /dev/zero > .stepvisor/fill; true", "cat /dev/zero; true"])
    func fullDiskIsNamed(command: String) throws {
        let space = try TestSpace()
        try space.workflow(
            TestSpace.step("fill", command) + TestSpace.step("beside", "sleep 30")
                + TestSpace.step("later", "touch later", "dependencies = [\"beside\"]"))
        try space.directory(".stepvisor", mode: 0o700)
        let run = try space.shellWithMounts(
            """
            mount -t tmpfs -o size=512k,mode=0700 none .stepvisor || exit 99
            $STEPVISOR run -j3
            code=$?
            $STEPVISOR status > status
            cp .stepvisor/latest/events.ndjson .stepvisor/latest/progress.json .
            exit $code
            """)
        #expect(run.code == 5, "\(run)")
        #expect(!run.error.contains("TERM"), "\(run)")
        #expect(run.error.contains("stopping: the disk is full: no further step starts"), "\(run)")
        #expect(run.error.contains("aborted beside"), "\(run)")
        #expect(run.error.contains("stopped: the disk is full"), "\(run)")
        #expect(run.error.contains("aborted (the disk is full): "), "\(run)")
        #expect(space.text("status").contains("aborted (the disk is full)"))
        for file in ["status", "events.ndjson", "progress.json"] {
            // What the step died of is a fact; that somebody stopped the run by it would be none.
            #expect(!space.text(file).contains("by SIGTERM"), "\(file): \(space.text(file))")
            #expect(!space.text(file).contains("stopping"), "\(file): \(space.text(file))")
            #expect(space.text(file).contains("the disk is full"), "\(file): \(space.text(file))")
        }
        #expect(space.text("progress.json").contains("\"status\":\"aborted\""))
        #expect(!space.exists("later"))
    }

    @Test("fault 48: a state directory that is no use is exit 5 by its path before any step")
    func uselessState() throws {
        for path in [".stepvisor", ".stepvisor/runs", ".stepvisor/run.lock/x"] {
            let space = try TestSpace()
            try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"touch ran\"\n")
            if path != ".stepvisor" { try space.directory(".stepvisor", mode: 0o700) }
            try space.file(path, "in the way", mode: 0o600)
            let run = try space.run()
            #expect(run.code == 5, "\(path): \(run)")
            #expect(run.error.contains(".stepvisor"), "\(path): \(run)")
            #expect(!space.exists("ran"), "\(path)")
        }
    }

    @Test("fault 49: logs that are removed during the run are said, and later ones are kept")
    func removedLogs() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "cleaner"
            command = "rm -r .stepvisor/latest/logs; echo lost"
            [[steps]]
            id = "later"
            command = "echo kept"
            dependencies = ["cleaner"]
            """)
        let run = try space.run()
        #expect(run.code == 0, "\(run)")
        #expect(run.error.contains("removed its log"), "\(run)")
        #expect(run.error.contains("removed the logs of this run"), "\(run)")
        #expect(space.text(".stepvisor/latest/logs/later.log") == "kept\n")
        #expect(try space.run("logs", "later").output == "kept\n")
        let lost = try space.run("logs", "cleaner")
        #expect(lost.error.contains("no log"), "\(lost)")
    }

    @Test("fault 49: a log that is cut or rotated during the run is said, and the run goes on")
    func cutLog() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "cut"
            command = '''
            echo before; : > cut-now; until [ -e cut-done ]; do sleep 0.01; done; echo after
            '''
            [[steps]]
            id = "rotated"
            command = '''
            echo before; : > rotate-now; until [ -e rotate-done ]; do sleep 0.01; done; echo after
            '''
            """)
        let run = try space.start(["-j2"])
        let logs = ".stepvisor/latest/logs"
        #expect(TestSpace.wait { space.exists("cut-now") && space.exists("rotate-now") })
        _ = try space.shell("mv \(logs)/rotated.log \(logs)/rotated.log.1; touch rotate-done")
        _ = try space.shell(": > \(logs)/cut.log; touch cut-done")
        let result = run.wait()
        #expect(result.code == 0, "\(result)")
        #expect(space.text("\(logs)/cut.log") == "after\n")
        // The step's own descriptor goes on to lead to the file that was moved away.
        #expect(space.text("\(logs)/rotated.log.1") == "before\nafter\n")
        #expect(result.error.contains("`rotated`: somebody removed its log"), "\(result)")
    }

    @Test("fault 49: a run whose directory is removed stops with exit 5 and names it")
    func removedRun() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "cleaner"
            command = "rm -r .stepvisor/runs"
            [[steps]]
            id = "later"
            command = "touch later"
            dependencies = ["cleaner"]
            """)
        let run = try space.run()
        #expect(run.code == 5, "\(run)")
        #expect(run.error.contains(".stepvisor/runs/"), "\(run)")
        #expect(!run.error.contains("complete: 2"), "\(run)")
        #expect(!run.error.contains("TERM"), "\(run)")
        #expect(!space.exists("later"))
        #expect(try space.run("status").code != 0)
    }
}
