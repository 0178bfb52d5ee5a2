import Foundation
import TestSupport
import Testing

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

    @Test("a log that shrinks is said so in the record, and the step gets a pipe from then on")
    func shrinks() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "cut"
            command = "seq 1 1000; cat gate; : > $STEPVISOR_LOG; echo three"
            [[steps]]
            id = "clock"
            command = "exec sleep 60"
            timeout = "1s"
            allow_failure = true
            """)
        #expect(try space.shell("mkfifo gate").code == 0)
        let run = try space.start(["-j", "2"])
        // The clock's end is several looks at the log later than the last line before it.
        #expect(
            TestSpace.wait(seconds: 60) {
                space.lines(".stepvisor/latest/logs/cut.log").count == 1000
                    && space.text(".stepvisor/latest/events.ndjson")
                        .contains(#""event":"ended","step":"clock""#)
            })
        #expect(try space.shell(": > gate").code == 0)
        let end = run.wait(seconds: 60)
        #expect(end.code == 0, "\(end)")
        #expect(space.text(".stepvisor/latest/progress.json").contains("its log was cut from"))
        #expect(space.lines(".stepvisor/logs-through-pipe") == ["cut"])
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
