import Foundation
import Testing
import TestSupport

@Suite("Faults 1 to 10: starting a step", .timeLimit(.minutes(20)))
struct StartFaultTests {
    /// A file that cannot be started, and the words that tell why.
    struct Broken: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var prepare: String
        var says: String
    }

    static let broken = [
        Broken(
            testDescription: "not executable",
            prepare: "printf '#!/bin/sh\\ntouch ran\\n' > tool", says: "chmod +x"),
        Broken(testDescription: "a directory", prepare: "mkdir tool", says: "is a directory"),
        Broken(
            testDescription: "an interpreter that is not there",
            prepare: "printf '#!/no/such/interpreter\\ntouch ran\\n' > tool; chmod +x tool",
            says: "`/no/such/interpreter`"),
        Broken(
            testDescription: "line ends of another system",
            prepare: "printf '#!/bin/sh\\r\\ntouch ran\\r\\n' > tool; chmod +x tool", says: "CRLF"),
        Broken(
            testDescription: "an empty file", prepare: ": > tool; chmod +x tool", says: "is empty"),
    ]

    private static let pair = """
        [[steps]]
        id = "broken"
        command = ["./tool", "x"]
        [[steps]]
        id = "after"
        command = "touch after"
        dependencies = ["broken"]
        [[steps]]
        id = "other"
        command = "touch other"
        """

    @Test("fault 1: a missing script fails its step by name, skips what needs it, and no more")
    func missingScript() throws {
        let space = try TestSpace()
        try space.workflow(Self.pair)
        let result = try space.run("-k")
        #expect(result.code == 1, "\(result)")
        #expect(result.error.contains("`./tool` does not exist"), "\(result)")
        #expect(space.exists("other"))
        #expect(!space.exists("after"))
        let status = try space.run("status")
        #expect(status.output.contains("skipped"), "\(status)")
    }

    @Test(
        "fault 2: `check` names the cause before anything runs, and the run names it too",
        arguments: broken)
    func unusableScript(broken: Broken) throws {
        let space = try TestSpace()
        try space.workflow(Self.pair)
        _ = try space.shell(broken.prepare)
        let before = space.tree()
        let check = try space.run("check")
        #expect(check.code == 2, "\(check)")
        #expect(check.error.contains(broken.says), "\(check)")
        #expect(space.tree() == before)
        let run = try space.run("-k")
        #expect(run.code == 1, "\(run)")
        #expect(run.error.contains(broken.says), "\(run)")
        #expect(!space.exists("ran") && !space.exists("after") && space.exists("other"))
    }

    @Test("fault 3: what is no program of this machine is never tried with a shell")
    func foreignProgram() throws {
        let space = try TestSpace()
        // Byte 18 of an ELF file is its machine: 243 is RISC-V, and 62 takes its place on one.
        let own = try Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe")).prefix(4096)
        var foreign = Data(own)
        foreign[18] = own[18] == 243 ? 62 : 243
        try space.file("foreign", foreign, mode: 0o755)
        try space.file("words", "touch ran\n", mode: 0o755)
        try space.workflow(
            """
            [[steps]]
            id = "foreign"
            command = ["./foreign"]
            [[steps]]
            id = "words"
            command = ["./words"]
            """)
        let run = try space.run("-k")
        #expect(run.code == 1, "\(run)")
        #expect(run.error.contains("another kind of processor"), "\(run)")
        #expect(run.error.contains("neither a `#!` line"), "\(run)")
        #expect(!space.exists("ran"))
    }

    @Test("fault 6: arguments and variables beyond the system's limit fail their step by size")
    func tooLarge() throws {
        let space = try TestSpace()
        let large = String(repeating: "x", count: 200_000)
        let many = (0..<60).map { "\"\($0)\(String(repeating: "y", count: 100_000))\"" }
        try space.workflow(
            """
            [[steps]]
            id = "argument"
            command = ["true", "\(large)"]
            [[steps]]
            id = "variable"
            command = ["true"]
            environment = { LARGE = "\(large)" }
            [[steps]]
            id = "all-together"
            command = ["true", \(many.joined(separator: ", "))]
            [[steps]]
            id = "other"
            command = "touch other"
            """)
        let run = try space.run("-k")
        #expect(run.code == 1, "\(run.error.prefix(2000))")
        let told = run.error.split(separator: "\n").filter {
            $0.contains("more than the system passes")
        }
        #expect(told.count >= 3, "\(run.error.prefix(2000))")
        #expect(run.error.contains("the longest 200000"), "\(run.error.prefix(2000))")
        #expect(!run.error.contains(large), "the value itself was printed")
        #expect(space.exists("other"))
    }

    @Test("fault 7: launches that fail in the new process leave no descriptor and no zombie")
    func failedLaunches() throws {
        let space = try TestSpace()
        // Its interpreter is a script whose own interpreter is missing: only exec finds that out.
        try space.file("lost", "#!/no/such/interpreter\n", mode: 0o755)
        try space.file("nested", "#!\(space.path("lost"))\n", mode: 0o755)
        var workflow = """
            [[steps]]
            id = "before"
            command = "ls /proc/$PPID/fd | wc -l > before"
            """
        for number in 0..<300 {
            workflow += """

                [[steps]]
                id = "s\(number)"
                command = ["./nested"]
                dependencies = ["before"]
                allow_failure = true
                """
        }
        // What has ended is given back a moment later.
        workflow += """

            [[steps]]
            id = "after"
            timeout = "20s"
            command = '''
            while :; do
              zombies=0
              for file in /proc/[0-9]*/stat; do
                read -r text < $file || continue
                set -- ${text##*)}
                [ "$1" = Z ] && [ "$2" = "$PPID" ] && zombies=$((zombies + 1))
              done 2> /dev/null
              now=$(ls /proc/$PPID/fd | wc -l)
              [ $zombies -eq 0 ] && [ $now -le $(($(cat before) + 4)) ] && exit 0
            done
            '''
            dependencies = [\((0..<300).map { "\"s\($0)\"" }.joined(separator: ", "))]
            """
        try space.workflow(workflow)
        let run = try space.run("-j8", "-k", seconds: 60)
        #expect(run.code == 0, "\(run.error.suffix(2000))")
        #expect(space.text(".stepvisor/latest/events.ndjson").contains("not_started"))
    }

    @Test("fault 8: a step has descriptors 0 to 2 and at most Foundation's one socket")
    func noStrayDescriptors() throws {
        let space = try TestSpace()
        var workflow = """
            [resources]
            api = 8
            """
        for number in 0..<8 {
            workflow += """

                [[steps]]
                id = "s\(number)"
                log = "\(number % 2 == 0 ? "pipe" : "file")"
                resources_required = ["api"]
                command = '''
                touch here\(number)
                until [ $(ls here* | wc -l) -eq 8 ]; do :; done
                ls -l /proc/$$/fd
                '''
                """
        }
        try space.workflow(workflow)
        let run = try space.run("-j8")
        #expect(run.code == 0, "\(run)")
        for number in 0..<8 {
            let lines = space.lines(".stepvisor/latest/logs/s\(number).log")
            // `… 1 -> /dev/null`
            let held = lines.compactMap { line -> String? in
                let halves = line.components(separatedBy: " -> ")
                guard halves.count == 2, let number = halves[0].split(separator: " ").last else {
                    return nil
                }
                return "\(number) \(halves[1])"
            }
            let numbers = held.map { $0.prefix { $0 != " " } }
            #expect(["0", "1", "2"].allSatisfy { numbers.contains($0) }, "\(lines)")
            #expect(held.contains("0 /dev/null"), "\(lines)")
            let others = held.filter { line in
                !["0 ", "1 ", "2 "].contains { line.hasPrefix($0) }
            }
            #expect(others.count <= 1, "\(lines)")
            #expect(others.allSatisfy { $0.contains("socket:") }, "\(lines)")
        }
    }

    @Test("fault 10: a step that reads is at the end at once, whatever is typed or piped")
    func standardInput() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "reader"
            command = "cat; echo end=$?"
            [[steps]]
            id = "piped"
            log = "pipe"
            command = "cat; echo end=$?"
            """)
        let run = try space.shell("yes typed | $STEPVISOR; yes typed | head -1 | $STEPVISOR -j2")
        #expect(run.code == 0, "\(run)")
        #expect(space.text(".stepvisor/latest/logs/reader.log") == "end=0\n")
        #expect(space.text(".stepvisor/latest/logs/piped.log") == "end=0\n")
    }
}
