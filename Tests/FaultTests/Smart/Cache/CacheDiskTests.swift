import Foundation
import Testing
import TestSupport

@Suite("The cache and the disk: full, elsewhere, cut off", .timeLimit(.minutes(20)))
struct CacheDiskTests {
    @Test(
        "a full disk is one warning, no failure, and leaves nothing half kept",
        .enabled(if: Hardship.canMount, "file systems may not be mounted here"))
    func fullDisk() throws {
        let space = try TestSpace()
        var workflow = ""
        for number in 0..<3 {
            workflow += """
                [[steps]]
                id = "s\(number)"
                command = "head -c 300000 /dev/zero > out\(number)"
                inputs = ["in.txt"]
                output_files = ["out\(number)"]

                """
        }
        try space.workflow(workflow).file("in.txt", "x").directory("kept")
        space.environment["STEPVISOR_CACHE"] = "kept"
        let result = try space.shellWithMounts(
            """
            mount -t tmpfs -o size=256k,mode=0700 none kept || exit 99
            $STEPVISOR --cache || exit 98
            find kept -type f > left
            """)
        #expect(result.code == 0, "\(result)")
        #expect(
            result.error.components(separatedBy: "No space left on device").count == 2, "\(result)")
        #expect(result.error.contains("nothing more is kept in the cache during this run"))
        #expect(space.text("left").isEmpty)
        #expect(space.text("out2").utf8.count == 300_000)
    }

    @Test(
        "a project on a full disk gets no half output: the entry is not used",
        .enabled(if: Hardship.canMount, "file systems may not be mounted here"))
    func fullProject() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = '''
            [ -e stop ] && exit 9
            echo old > out/first; head -c 300000 /dev/zero > out/second
            '''
            inputs = ["in.txt"]
            output_files = ["out/first", "out/second"]
            """
        ).file("in.txt", "x").directory("out")
        #expect(try space.run("--cache").code == 0)
        try space.file("stop", "")
        let result = try space.shellWithMounts(
            """
            mount -t tmpfs -o size=256k,mode=0700 none out || exit 99
            echo mine > out/first
            $STEPVISOR --cache
            echo "code $?" > code
            ls -A out > left; cat out/first >> left
            """)
        #expect(space.text("code") == "code 1\n", "\(result)")
        #expect(result.error.contains("the cache's entry is not used"), "\(result)")
        #expect(space.text("left") == "first\nmine\n")
    }

    @Test(
        "outputs on another file system are put in place too",
        .enabled(if: Hardship.canMount, "file systems may not be mounted here"))
    func otherFileSystem() throws {
        let space = try CacheRunTests.space()
        try space.directory("out")
        let result = try space.shellWithMounts(
            """
            mount -t tmpfs -o mode=0755 none out || exit 99
            $STEPVISOR --cache || exit 98
            rm -r out/* ran
            $STEPVISOR --cache || exit 97
            ls -A out > left; cat out/upper >> left
            """)
        #expect(result.code == 0, "\(result)")
        #expect(space.text("left") == "link\nupper\nONE")
        #expect(!space.exists("ran"))
    }

    @Test(
        "a death while files are made ready leaves the old outputs whole, and the next run goes on")
    func killed() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = '''
            echo a >> ran; cp in.txt out/first; head -c 50000000 /dev/zero > out/second
            '''
            inputs = ["in.txt"]
            output_files = ["out/*"]
            """
        ).file("in.txt", "x").directory("out")
        #expect(try space.run("--cache").code == 0)
        try space.file("out/first", "old").file("out/second", "old")
        _ = CacheRunTests.ran(space)
        let run = try space.start(["--cache"])
        _ = TestSpace.wait { Self.staged(in: space) > 0 }
        run.signal(SIGKILL)
        // On a machine that is quick enough it may have come to its end before.
        if run.wait().end == .signal(SIGKILL), space.text("out/first") == "old" {
            #expect(space.text("out/second") == "old")
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: space.path("out")).count == 2)
        let next = try space.run("--cache")
        #expect(next.code == 0 && CacheRunTests.ran(space) == [], "\(next)")
        #expect(space.text("out/first") == "x" && space.text("out/second").utf8.count == 50_000_000)
        #expect(Self.staged(in: space) == 0)
    }

    /// How many files are being made ready to be put in place.
    private static func staged(in space: TestSpace) -> Int {
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: space.path(".stepvisor/restoring"))
        return names?.count ?? 0
    }

    @Test(
        "a death after outputs were put in place, and before that is known, does not leave it done")
    func killedAfter() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = '''
            echo a >> ran; cp in.txt out/first; cp in.txt out/second
            head -c 30000000 /dev/zero | tr '\\000' x
            '''
            inputs = ["in.txt"]
            output_files = ["out/first", "out/second"]
            """
        ).directory("out")
        for text in ["one", "two"] {
            try space.file("in.txt", text)
            #expect(try space.run("--cache").code == 0)
        }
        try space.file("in.txt", "one")
        let run = try space.start(["--cache"])
        // The log comes last, and takes a while.
        _ = TestSpace.wait { space.text("out/second") == "one" }
        run.signal(SIGKILL)
        // On a machine that is quick enough it may have come to its end before.
        guard run.wait().end == .signal(SIGKILL), !space.journal().contains("restored") else {
            return
        }
        #expect(space.text("out/first") == "one" && space.text("out/second") == "one")
        // All is as its last success has left it, but for the mark.
        for name in ["in.txt", "out/first", "out/second"] { try space.file(name, "two") }
        #expect(
            try space.run("why", "a").output.hasPrefix(
                "`a` has to run:\n  did not end well when it last ran\n"))
        _ = CacheRunTests.ran(space)
        #expect(try space.run("--smart-execution").code == 0)
        #expect(CacheRunTests.ran(space) == ["a"])
    }

    @Test("a cache that cannot be made is said, and the run goes on")
    func uselessPlace() throws {
        let space = try CacheRunTests.space()
        try space.file("taken", "a file")
        space.environment["STEPVISOR_CACHE"] = "taken"
        let result = try space.run("--cache")
        #expect(result.code == 0, "\(result)")
        #expect(result.error.contains("the cache is not used: "), "\(result)")
        #expect(CacheRunTests.ran(space) == ["build", "pack"])
    }

    @Test("the cache is trimmed at the end of a run that kept something")
    func trimmed() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [cache]
            max_size = "20KB"
            [[steps]]
            id = "a"
            command = "cp in.txt out.txt"
            inputs = ["in.txt"]
            output_files = ["out.txt"]
            """)
        for number in 0..<4 {
            try space.file("in.txt", String(repeating: "\(number)", count: 6000))
            #expect(try space.run("--cache").code == 0)
        }
        // Two entries of 8 KiB fit.
        #expect(CacheRunTests.entries(space).count == 2)
    }
}
