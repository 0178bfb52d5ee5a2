import Foundation
import Testing
import TestSupport

@Suite("Logs keep what steps write, and views show it", .timeLimit(.minutes(20)))
struct LogTests {
    private static let loud = """
        [[steps]]
        id = "loud"
        command = "seq 1 300000; echo THE REASON; exit 3"
        """

    @Test("a step louder than any buffer costs neither its end nor the summary")
    func loud() throws {
        for mode in ["group", "prefix", "stream", "failures"] {
            let space = try TestSpace()
            try space.workflow(Self.loud)
            let result = try space.shell("\"$STEPVISOR\" --output \(mode) > out.txt 2>&1")
            #expect(result.code == 1, "\(mode): \(result)")
            let shown = space.text("out.txt")
            #expect(shown.contains("FAILED"), "\(mode)")
            #expect(shown.contains("exit code 3"), "\(mode)")
        }
    }

    @Test(
        "a script that opens its streams by name loses nothing, however it is called",
        arguments: [
            #"command = "./s.sh""#, #"command = "bin/s.sh x""#, #"command = "sh s.sh""#,
            #"command = ["sh", "s.sh"]"#, #"command = ["./s.sh"]"#,
            #"command = "cd bin && ./s.sh""#,
            "command = \"./s.sh\"\nworking_directory = \"bin\"",
        ])
    func namedStreams(command: String) throws {
        let space = try TestSpace()
        let body = "echo one\necho err > /dev/stderr\necho three >&2"
        try space.script("s.sh", body).script("bin/s.sh", body)
        try space.workflow("[[steps]]\nid = \"a\"\n\(command)\n")
        let result = try space.run()
        #expect(result.code == 0, "\(result)")
        let log = try space.run("logs", "a")
        #expect(log.output == "one\nerr\nthree\n", "\(log)")
    }

    @Test("a log that is cut while its step runs is said so in the record, in either mode")
    func shrinks() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "cut"
            command = "seq 1 1000; cat gate; : > $STEPVISOR_LOG; echo three"
            [[steps]]
            id = "own"
            log = "file"
            command = "seq 1 1000; cat gate; : > $STEPVISOR_LOG; seq 1 2000"
            [[steps]]
            id = "clock"
            command = "exec sleep 60"
            timeout = "1s"
            allow_failure = true
            """)
        #expect(try space.shell("mkfifo gate").code == 0)
        let run = try space.start(["-j", "3"])
        // The clock's end is several looks at the log later than the last line before it.
        #expect(
            TestSpace.wait(seconds: 60) {
                space.lines(".stepvisor/latest/logs/cut.log").count == 1000
                    && space.lines(".stepvisor/latest/logs/own.log").count == 1001
                    && space.text(".stepvisor/latest/events.ndjson")
                        .contains(#""event":"ended","step":"clock""#)
            })
        #expect(try space.shell(": > gate").code == 0)
        let end = run.wait(seconds: 60)
        #expect(end.code == 0, "\(end)")
        #expect(end.error.contains("`cut`: its log was cut from 3893 to 6 bytes"), "\(end)")
        #expect(end.error.contains("`own`: its log was cut, and has grown again"), "\(end)")
        #expect(space.lines(".stepvisor/latest/logs/cut.log") == ["three"])
    }

    @Test("the line by which a cut is noticed is shown nowhere")
    func firstLine() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [execution]
            log = "file"
            [[steps]]
            id = "a"
            command = "echo one; test $STEPVISOR_ATTEMPT -eq 2"
            retries = 1
            success_pattern = "^one$"
            [[steps]]
            id = "pattern"
            command = "echo two; exit 3"
            [[steps]]
            id = "no"
            command = "true"
            success_pattern = "stepvisor"
            """)
        for mode in ["group", "prefix", "stream", "failures"] {
            let run = try space.run("-k", "--output", mode)
            #expect(run.code == 1, "\(run)")
            #expect(!(run.output + run.error).contains("stepvisor: log of"), "\(run)")
            #expect(space.text(".stepvisor/latest/logs/pattern.log").hasSuffix(" ---\ntwo\n"))
        }
        #expect(try space.run("logs", "pattern").output == "two\n")
        #expect(try space.run("logs", "-f", "pattern").output == "two\n")
        #expect(try space.run("logs", "a", "--attempt", "1").output == "one\n")
        #expect(try space.run("logs", "no").output == "")
        #expect(try space.run("status").output.contains("success_pattern"))
    }

    @Test("data that cannot be written is a failure; a reader that has seen enough is not")
    func lostData() throws {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"true\"\n")
        let full = try space.shell("\"$STEPVISOR\" --json > /dev/full")
        #expect(full.code == 5, "\(full)")
        #expect(full.error.contains("No space left"), "\(full)")
        let head = try space.shell("{ \"$STEPVISOR\" --json; echo $? > code; } | head -n 1")
        #expect(head.output.contains("run_started"))
        #expect(space.lines("code") == ["0"])
    }
}
