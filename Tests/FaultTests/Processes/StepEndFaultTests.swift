import Execution
import Foundation
import Testing
import TestSupport

@Suite("Faults 14, 44, 46, 50, 76: ends and output of steps", .timeLimit(.minutes(20)))
struct StepEndFaultTests {
    private static let isLong = ProcessInfo.processInfo.environment["STEPVISOR_FUZZ"] == "long"

    private func record(_ space: TestSpace) throws -> RunRecord {
        try LatestRun(in: space).record
    }

    @Test("fault 14: each of the 256 codes and every deadly signal is recorded exactly")
    func everyEnd() throws {
        let space = try TestSpace()
        // What stops, continues or is ignored by default ends nobody; 32 and 33 are the library's.
        let harmless: Set<Int32> = [
            SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH, 32, 33,
        ]
        let signals = (1...64).map(Int32.init).filter { !harmless.contains($0) }
        var workflow = ""
        for code in 0..<256 {
            workflow +=
                "[[steps]]\nid = \"c\(code)\"\ncommand = [\"sh\", \"-c\", \"exit \(code)\"]\n"
        }
        for signal in signals {
            workflow += """
                [[steps]]
                id = "k\(signal)"
                command = ["sh", "-c", "ulimit -c 0; kill -\(signal) $$"]

                """
        }
        try space.workflow(workflow)
        let run = try space.run("-k", "-j4", seconds: 60)
        #expect(run.code == 1, "\(run.error.suffix(2000))")
        let record = try record(space)
        let steps = Dictionary(
            uniqueKeysWithValues: zip(record.header.steps.map(\.id), record.steps))
        for code in 0..<256 {
            let step = try #require(steps["c\(code)"])
            #expect(step.exit == .exited(Int32(code)))
            #expect(step.status == (code == 0 ? .complete : .failed))
        }
        for signal in signals {
            let step = try #require(steps["k\(signal)"])
            guard case .signalled(signal, _) = step.exit else {
                Issue.record("signal \(signal): \(String(describing: step.exit))")
                continue
            }
            #expect(step.status == .failed)
        }
    }

    @Test("fault 14: 128+N of a shell stays a code, with a hint at the signal")
    func shellsWord() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "inner"
            command = "sh -c 'kill -INT $$'; exit $?"
            [[steps]]
            id = "itself"
            command = ["sh", "-c", "kill -INT $$"]
            """)
        let run = try space.run("-k")
        #expect(run.code == 1, "\(run)")
        let steps = try record(space).steps
        #expect(steps[0].exit == .exited(130))
        #expect(steps[1].exit == .signalled(SIGINT, coreDumped: false))
        #expect(run.error.contains("130") && run.error.contains("SIGINT"), "\(run)")
    }

    @Test("fault 44: a reader that has stopped holds up no step, and every byte is in the logs")
    func stalledReader() throws {
        let space = try TestSpace()
        let mebibytes = Self.isLong ? 128 : 6
        var workflow = ""
        for number in 0..<8 {
            workflow += """
                [[steps]]
                id = "loud\(number)"
                log = "\(number == 7 ? "pipe" : "file")"
                command = "yes 'line of step \(number)' | head -c \(mebibytes * 1_048_576)"

                """
        }
        // The reader waits for this step: were the others held up, nothing would ever end.
        workflow += """
            [[steps]]
            id = "after"
            dependencies = [\((0..<8).map { "\"loud\($0)\"" }.joined(separator: ", "))]
            command = "grep VmHWM: /proc/$PPID/status | tr -dc 0-9; touch done"
            """
        try space.workflow(workflow)
        let run = try space.shell(
            """
            { $STEPVISOR -j8 --output stream; echo $? > code; } 2>&1 |
                (until [ -e done ]; do sleep 0.05; done; cat > /dev/null)
            """, seconds: 240)
        #expect(run.code == 0, "\(run)")
        #expect(space.text("code") == "0\n")
        for number in 0..<8 {
            let path = space.path(".stepvisor/latest/logs/loud\(number).log")
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            // A log that its step writes begins with a line of stepvisor's.
            let own = number == 7 ? 0 : try firstLineLength(space, "loud\(number)")
            #expect(size == mebibytes * 1_048_576 + own, "loud\(number)")
        }
        let peak = try #require(Int(space.text(".stepvisor/latest/logs/after.log")))
        #expect(peak < 80 * 1024, "\(peak) KiB")
    }

    @Test(
        "fault 46: the log is byte for byte the step's, and what is shown of it is harmless",
        arguments: ["failures", "group", "prefix", "stream"])
    func wildBytes(mode: String) throws {
        let space = try TestSpace()
        let bytes = Self.isLong ? 100_000_000 : 3_000_000
        try space.script(
            "wild.sh",
            #"""
            printf 'NUL \000, not UTF-8 \377\376\303, cut \360\237, bell \007, clear \033[2J\n'
            i=0
            while [ $i -lt 300 ]; do printf '\rprogress %s%%' $i; i=$((i + 1)); done
            printf '\n\342\200\256 turned round \342\200\254\n'
            """#)
        try space.workflow(
            """
            [[steps]]
            id = "wild"
            log = "pipe"
            command = "./wild.sh | tee expected1; exit 3"
            [[steps]]
            id = "endless"
            command = "tr '\\\\0' x < /dev/zero | head -c \(bytes) | tee expected2; exit 3"
            """)
        let run = try space.run("-k", "--output", mode, seconds: 120)
        #expect(run.code == 1, "\(run.error.suffix(500))")
        for (number, id) in [(1, "wild"), (2, "endless")] {
            #expect(
                FileManager.default.contentsEqual(
                    atPath: space.path("expected\(number)"),
                    andPath: space.path(".stepvisor/latest/logs/\(id).log")), "\(id)")
        }
        let harmful = run.error.unicodeScalars.filter {
            ($0.value < 0x20 && $0 != "\n") || (0x7F...0x9F).contains($0.value)
                || (0x202A...0x202E).contains($0.value)
        }
        #expect(harmful.isEmpty, "\(Set(harmful.map(\.value)))")
        #expect(run.error.utf8.count < 400_000, "\(run.error.utf8.count) bytes were shown")
    }

    @Test("fault 50: the last line needs no end, and both streams stay in order")
    func lastLine() throws {
        let space = try TestSpace()
        let line = "echo 1; echo 2 >&2; printf 3; printf 4 >&2; printf '5 no end'"
        try space.workflow(
            """
            [[steps]]
            id = "file"
            log = "file"
            command = "\(line)"
            [[steps]]
            id = "pipe"
            command = "\(line); exit 1"
            """)
        let run = try space.run("-k", "--output", "stream")
        #expect(run.code == 1, "\(run)")
        for id in ["file", "pipe"] {
            #expect(try space.run("logs", id).output == "1\n2\n345 no end")
        }
        #expect(run.error.contains("345 no end"), "\(run)")
        let url = URL(fileURLWithPath: space.path(".stepvisor/latest/events.ndjson"))
        let times = try JournalReader.read([UInt8](Data(contentsOf: url))).events.map(\.time)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }, "\(times)")
    }

    private func firstLineLength(_ space: TestSpace, _ step: String) throws -> Int {
        let file = try FileHandle(
            forReadingFrom: URL(
                fileURLWithPath: space.path(".stepvisor/latest/logs/\(step).log")))
        let line = try file.read(upToCount: 200)?.split(separator: UInt8(ascii: "\n")).first
        return (line?.count ?? 0) + 1
    }

    private func nested() throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "outer"
            command = "exec $PROGRAM_UNDER_TEST -C inner -j2"
            """)
        space.environment["PROGRAM_UNDER_TEST"] = BuiltProgram.path
        return space
    }

    @Test("fault 76: a run inside of a step has its own limit and its own record, and ends")
    func nestedRun() throws {
        let space = try nested()
        try space.file(
            "inner/workflow.toml",
            """
            [[steps]]
            id = "a"
            command = "touch a; until [ -e b ]; do sleep 0.01; done"
            [[steps]]
            id = "b"
            command = "touch b; until [ -e a ]; do sleep 0.01; done"
            """)
        // Two inner steps need each other at the same time, while the outer run allows only one.
        let run = try space.run("-j1")
        #expect(run.code == 0, "\(run)")
        #expect(space.exists("inner/.stepvisor/latest/events.ndjson"))
        #expect(try space.run("status").output.contains("outer"))
    }

    @Test("fault 76: one Ctrl-C reaches the inner run's step once, through both")
    func nestedInterrupt() throws {
        let space = try nested()
        try space.file(
            "inner/workflow.toml",
            """
            [[steps]]
            id = "a"
            command = "trap 'echo INT >> got' INT; touch ready; until [ -e got ]; do sleep 0.01; done"
            [[steps]]
            id = "never"
            command = "touch never"
            dependencies = ["a"]
            """)
        let run = try space.start(["-j2"])
        #expect(TestSpace.wait(seconds: 30) { space.exists("inner/ready") })
        // As the terminal does it: to every process of its foreground group.
        kill(-run.pid, SIGINT)
        let result = run.wait(seconds: 30)
        #expect(result.end == .signal(SIGINT), "\(result)")
        #expect(space.text("inner/got") == "INT\n")
        #expect(!space.exists("inner/never"))
    }
}
