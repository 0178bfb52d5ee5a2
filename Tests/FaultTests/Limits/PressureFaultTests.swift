import Foundation
import Testing
import TestSupport

@Suite(
    "Faults 4 to 7: the system has too little of something", .serialized, .timeLimit(.minutes(20)))
struct PressureFaultTests {
    private static let isLong = ProcessInfo.processInfo.environment["STEPVISOR_FUZZ"] == "long"

    /// A user of nobody else's, so that its processes can be counted.
    private static let stranger = 61_000 + Int(getpid()) % 4_000

    private static let canBecomeStranger: Bool = {
        guard geteuid() == 0, let space = try? TestSpace() else { return false }
        let line = "exec setpriv --reuid \(stranger) --regid \(stranger) --clear-groups true"
        return (try? space.shell(line))?.code == 0
    }()

    /// So many steps, each a program without children of its own.
    private static func steps(_ count: Int) -> String {
        (0..<count).map { "[[steps]]\nid = \"s\($0)\"\ncommand = [\"sleep\", \"0.02\"]\n" }
            .joined()
    }

    private func warnings(_ result: CommandResult) -> [Substring] {
        result.error.split(separator: "\n").filter { $0.contains("warning:") }
    }

    @Test(
        "fault 4: with few processes allowed, launches are tried again until all steps have run",
        .enabled(if: canBecomeStranger, "this takes root and setpriv"), arguments: [12, 24])
    func fewProcesses(limit: Int) throws {
        let space = try TestSpace()
        try space.workflow(Self.steps(60))
        let result = try space.shell(
            """
            cp "$STEPVISOR" stepvisor && chmod 755 . stepvisor && chown -R \(Self.stranger) . &&
            exec setpriv --reuid \(Self.stranger) --regid \(Self.stranger) --clear-groups \
                bash -c 'ulimit -u \(limit); exec ./stepvisor -j60'
            """, seconds: 90)
        #expect(result.code == 0, "\(result)")
        #expect(result.error.contains("60 complete"), "\(result)")
        #expect(warnings(result).count == 1, "\(result)")
    }

    @Test(
        "fault 4: where not even a thread can be started, that is said at once",
        .enabled(if: canBecomeStranger, "this takes root and setpriv"))
    func noThread() throws {
        let space = try TestSpace()
        try space.workflow(Self.steps(1))
        let result = try space.shell(
            """
            cp "$STEPVISOR" stepvisor && chmod 755 . stepvisor && chown -R \(Self.stranger) . &&
            exec setpriv --reuid \(Self.stranger) --regid \(Self.stranger) --clear-groups \
                bash -c 'ulimit -u 1; exec ./stepvisor'
            """, seconds: 60)
        #expect(result.code == 5, "\(result)")
        #expect(result.error.contains("cannot start `a thread`"), "\(result)")
        #expect(result.error.contains("ulimit -u"), "\(result)")
    }

    @Test(
        "fault 4: with little memory a run ends well or says why not, and never hangs or crashes",
        arguments: [1_000_000, 400_000, 200_000, 60_000])
    func littleMemory(kibibytes: Int) throws {
        let space = try TestSpace()
        try space.workflow(Self.steps(20))
        let result = try space.shell(
            "ulimit -v \(kibibytes) && exec $STEPVISOR -j20", seconds: 90)
        // 127 is the loader's: not even the libraries have room.
        #expect([0, 5, 127].contains(result.code), "\(result)")
        #expect(result.code == 0 || !result.error.isEmpty, "\(result)")
        if kibibytes >= 1_000_000 { #expect(result.code == 0, "\(result)") }
    }

    @Test(
        "fault 5: with few descriptors fewer steps run at once, and all of them end well",
        arguments: [(64, 100), (40, 50)])
    func fewDescriptors(limit: Int, count: Int) throws {
        let space = try TestSpace()
        try space.workflow(Self.steps(count))
        let result = try space.shell("ulimit -n \(limit) && exec $STEPVISOR -j100", seconds: 90)
        #expect(result.code == 0, "\(result)")
        #expect(result.error.contains("\(count) complete"), "\(result)")
        #expect(warnings(result).count <= 1, "\(result)")
    }

    @Test(
        "fault 5: with too few descriptors for one step the run is refused, and says what to do",
        arguments: [9, 14, 20, 32])
    func tooFewDescriptors(limit: Int) throws {
        let space = try TestSpace()
        try space.workflow(Self.steps(3))
        let result = try space.shell("ulimit -n \(limit); exec $STEPVISOR --parallel")
        #expect(result.code == 5, "\(result)")
        #expect(result.error.contains("a run needs") && result.error.contains("ulimit -n 1024"))
        #expect(!space.exists(".stepvisor/latest"), "\(result)")
    }

    @Test(
        "fault 5: few descriptors are enough for one step at a time, whatever the step is",
        arguments: [40, 44])
    func oneAtATime(limit: Int) throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "a"
            command = "seq 1 1000; echo n=1 > $STEPVISOR_OUTPUT; touch out"
            output_files = ["out"]
            verify = "true"
            success_pattern = "1000"
            log = "pipe"
            [[steps]]
            id = "b"
            command = "setsid sleep 60 & sleep 60 & true"
            condition = "steps.a.n == 1"

            """ + Self.steps(5))
        let result = try space.shell("ulimit -n \(limit) && exec $STEPVISOR -j20", seconds: 90)
        #expect(result.code == 0, "\(result)")
        #expect(result.error.contains("7 complete"), "\(result)")
    }

    @Test("with too small a stack nothing begins, and it is said what to do", arguments: [64, 256])
    func smallStack(kibibytes: Int) throws {
        let space = try TestSpace()
        try space.workflow(Self.steps(3))
        let result = try space.shell("ulimit -s \(kibibytes); exec $STEPVISOR")
        #expect(result.code == 5 && result.error.contains("ulimit -s 8192"), "\(result)")
    }

    @Test("a step may run on the processors that this process may run on, and no more at once")
    func affinity() throws {
        let space = try TestSpace()
        try space.workflow(Self.steps(3))
        guard try space.shell("taskset -c 0 true").code == 0 else { return }
        for jobs in ["--parallel", "-jauto", "-j50%"] {
            let result = try space.shell("exec taskset -c 0 $STEPVISOR \(jobs)")
            #expect(result.error.contains("at most 1 at once"), "\(result)")
        }
        let result = try space.shell("exec taskset -c 0 $STEPVISOR -j300%")
        #expect(result.error.contains("at most 3 at once"), "\(result)")
    }

    @Test("fault 5: `-j 500` runs 500 steps at once, or fewer with one line that says so")
    func manyAtOnce() throws {
        let space = try TestSpace()
        // Each waits until all have begun, or until enough have to show that there was no room.
        let workflow = (0..<500).map {
            """
            [[steps]]
            id = "s\($0)"
            command = ["sh", "-c", ": > here/\($0); read line < gate"]

            """
        }.joined()
        try space.workflow(workflow)
        try space.directory("here")
        mkfifo(space.path("gate"), 0o600)
        let run = try space.start(["-j500"])
        let begun = { () -> Int in
            (try? FileManager.default.contentsOfDirectory(atPath: space.path("here")))?.count ?? 0
        }
        let isDone = TestSpace.wait(seconds: 60) {
            begun() == 500 || run.errorSoFar.contains("warning:")
        }
        #expect(isDone, "\(begun()) of 500 began")
        let gate = open(space.path("gate"), O_RDWR | O_CLOEXEC)
        defer { close(gate) }
        let lines = [UInt8](repeating: UInt8(ascii: "\n"), count: 500)
        #expect(write(gate, lines, lines.count) == lines.count)
        let result = run.wait(seconds: 90)
        #expect(result.code == 0, "\(result.error.suffix(2000))")
        #expect(result.error.contains("500 complete"), "\(result.error.suffix(2000))")
        #expect(warnings(result).count <= 1, "\(result.error.suffix(2000))")
    }

    @Test(
        "fault 7: steps by the thousand leave descriptors, threads, zombies and memory as they were"
    )
    func manySteps() throws {
        let space = try TestSpace()
        let count = Self.isLong ? 20_000 : 1_500
        let look = """
            for file in /proc/[0-9]*/stat; do
              read -r text < $file || continue
              set -- ${text##*)}
              [ "$1" = Z ] && [ "$2" = "$PPID" ] && echo zombie
            done 2> /dev/null | wc -l
            ls /proc/$PPID/fd | wc -l
            ls /proc/$PPID/task | wc -l
            grep VmHWM: /proc/$PPID/status | tr -dc 0-9; echo
            """
        let early = (0..<100).map { "\"e\($0)\"" }.joined(separator: ", ")
        var workflow = ""
        for number in 0..<100 {
            workflow += "[[steps]]\nid = \"e\(number)\"\ncommand = [\"/bin/true\"]\n"
        }
        workflow += """
            [[steps]]
            id = "before"
            dependencies = [\(early)]
            command = '''\(look)'''

            """
        for number in 0..<count {
            workflow += """
                [[steps]]
                id = "l\(number)"
                command = ["/bin/true"]
                dependencies = ["\(number < 8 ? "before" : "l\(number - 8)")"]

                """
        }
        let late = (count - 8..<count).map { "\"l\($0)\"" }.joined(separator: ", ")
        workflow += """
            [[steps]]
            id = "after"
            dependencies = [\(late)]
            timeout = "30s"
            command = '''
            set -- $(cat .stepvisor/latest/logs/before.log)
            until [ $(ls /proc/$PPID/fd | wc -l) -le $(($2 + 4)) ]; do :; done
            \(look)
            '''
            """
        try space.workflow(workflow)
        let result = try space.run("-j8", seconds: 300)
        #expect(result.code == 0, "\(result.error.suffix(2000))")
        let before = space.lines(".stepvisor/latest/logs/before.log").compactMap { Int($0) }
        let after = space.lines(".stepvisor/latest/logs/after.log").compactMap { Int($0) }
        try #require(before.count == 4 && after.count == 4, "\(before), \(after)")
        // One that has just ended is held until the next wait.
        #expect(after[0] <= 8, "zombies: \(after[0])")
        #expect(after[2] <= before[2] + 1, "threads: \(before[2]), then \(after[2])")
        #expect(after[3] <= before[3] + 8 * 1024, "KiB: \(before[3]), then \(after[3])")
        #expect(after[3] < (Self.isLong ? 96 : 64) * 1024, "KiB: \(after[3])")
    }
}
