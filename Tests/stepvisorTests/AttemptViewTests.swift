import Foundation
import Testing
import TestSupport

/// A run with attempts of every kind, as its views show it.
@Suite("Attempts in views", .timeLimit(.minutes(20)))
struct AttemptViewTests {
    /// `api` fails, is busy, fails again and is done by its backup; `clean` always runs.
    static func space() throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(
            """
            name = "attempts"
            [execution]
            failure_strategy = "optimistic"
            [execution.retry]
            delay = "20ms"
            [execution.throttle]
            exit_codes = [75]
            delay = "30ms"
            recover_after = "10ms"
            [[steps]]
            id = "api"
            command = "echo try $STEPVISOR_ATTEMPT; case $STEPVISOR_ATTEMPT in 1) exit 1;; 2) exit 75;; *) exit 3;; esac"
            retries = 1
            backups = ["echo by the backup"]
            [[steps]]
            id = "broken"
            command = "echo try $STEPVISOR_ATTEMPT; exit 9"
            retries = 1
            critical = false
            [[steps]]
            id = "clean"
            command = "true"
            always = true
            """)
        return space
    }

    private static func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private static func steps(_ run: [String: Any]) throws -> [[String: Any]] {
        try #require(run["tasks"] as? [[String: Any]])
            .flatMap { $0["phases"] as? [[String: Any]] ?? [] }
            .flatMap { $0["steps"] as? [[String: Any]] ?? [] }
    }

    @Test("`progress.json` has each attempt, what was throttled, and which step always runs")
    func progress() throws {
        let space = try Self.space()
        let result = try space.run()
        #expect(result.code == 1, "\(result)")
        let run = try Self.object(space.text(".stepvisor/latest/progress.json"))
        let steps = try Self.steps(run)
        let api = try #require(steps.first { $0["step_id"] as? String == "api" })
        let earlier = try #require(api["earlier_attempts"] as? [[String: Any]])
        #expect(earlier.map { $0["attempt"] as? Int } == [1, 2, 3])
        #expect(earlier.map { $0["exit_code"] as? Int } == [1, 75, 3])
        #expect(earlier.map { $0["busy"] as? Bool } == [false, true, false])
        #expect(
            earlier.map { $0["next_method"] as? String } == ["primary", "primary", "backup[1]"])
        #expect(earlier[1]["rest_ms"] as? Int == 30 && earlier[2]["rest_ms"] as? Int == 0)
        #expect(api["attempts"] as? Int == 4 && api["status"] as? String == "complete")
        #expect(api["method_used"] as? String == "backup[1]")
        let throttled = try #require((run["throttled"] as? [[String: Any]])?.first)
        #expect(throttled["resource"] is NSNull && throttled["times"] as? Int == 1)
        #expect(throttled["steps"] as? [String] == ["api"])
        #expect(
            steps.filter { $0["always"] as? Bool == true }.map { $0["step_id"] as? String }
                == ["clean"])
        let events = try #require(run["events"] as? [[String: Any]])
        #expect(events.map { $0["event"] as? String }.contains("throttled"))
        #expect(events.last?["event"] as? String == "finalizing")
    }

    @Test("the guide tells of every field of `progress.json`")
    func documented() throws {
        let space = try Self.space()
        _ = try space.run()
        let run = try Self.object(space.text(".stepvisor/latest/progress.json"))
        let guide = try String(
            contentsOfFile: "\(OwnWorkflowFixture.repository)/docs/guide.md", encoding: .utf8)
        let part = try #require(
            guide.components(separatedBy: "### The fields of progress.json").last?
                .components(separatedBy: "\n## ").first)
        let names = Self.names(run)
        #expect(names.count > 60)
        for name in names.sorted() { #expect(part.contains("`\(name)`"), "\(name)") }
    }

    @Test("`logs --attempt` shows what one attempt wrote, whatever lines a step prints")
    func logs() throws {
        let space = try TestSpace()
        // The first attempt prints a line like the one before the second, at its very time or not.
        try space.workflow(
            """
            [execution.retry]
            delay = "10ms"
            [[steps]]
            id = "a"
            command = '''
            if [ $STEPVISOR_ATTEMPT = 1 ]; then
                echo "--- stepvisor: attempt 2, primary (exec_002) 2026-11-21T12:00:00.000Z ---"
                printf 'no end'; exit 1
            fi
            echo "try $STEPVISOR_ATTEMPT"; exit 2
            '''
            retries = 1
            backups = ["echo done"]
            verify = "echo checked"
            [[steps]]
            id = "b"
            command = "true"
            dependencies = ["a"]
            condition = "1 > 2"
            """)
        let result = try space.run()
        #expect(result.code == 0, "\(result)")
        #expect(
            try space.run("logs", "a", "--attempt", "1").output
                == "--- stepvisor: attempt 2, primary (exec_002) 2026-11-21T12:00:00.000Z ---\n"
                + "no end")
        #expect(try space.run("logs", "a", "--attempt=2").output == "try 2\n")
        let last = try space.run("logs", "a", "--attempt", "3").output
        #expect(last.hasPrefix("done\n--- stepvisor: verify ("), "\(last)")
        #expect(last.hasSuffix(" ---\nchecked\n"), "\(last)")
        let cases: [([String], String)] = [
            (["logs", "a", "--attempt", "4"], "`a` made no attempt 4 in run"),
            (["logs", "a", "--attempt", "4"], "the last one: `stepvisor logs a --attempt 3`"),
            (["logs", "b", "--attempt", "1"], "`b` made no attempt in run"),
            (["logs", "a", "--attempt", "0"], "`0`"),
            (["logs", "--attempt", "1"], "name it: `logs STEP --attempt 1`"),
            (["logs", "-f", "a", "--attempt", "1"], "`--attempt`"),
        ]
        for (words, text) in cases {
            let refused = try space.start(words).wait()
            #expect(refused.code == 2 && refused.error.contains(text), "\(words): \(refused)")
        }
    }

    @Test("`logs --attempt` of a running step shows what it has written so far")
    func runningLogs() throws {
        let space = try TestSpace()
        try space.workflow(
            """
            [execution.retry]
            delay = "1ms"
            [[steps]]
            id = "a"
            command = '''
            echo "try $STEPVISOR_ATTEMPT"
            [ $STEPVISOR_ATTEMPT = 2 ] || exit 1
            touch begun; while [ ! -e go ]; do sleep 0.02; done; echo end
            '''
            retries = 1
            """)
        let run = try space.start(["run"])
        #expect(TestSpace.wait { space.exists("begun") })
        #expect(try space.run("logs", "a", "--attempt", "1").output == "try 1\n")
        #expect(try space.run("logs", "a", "--attempt", "2").output == "try 2\n")
        try space.file("go", "")
        #expect(run.wait().code == 0)
        #expect(try space.run("logs", "a", "--attempt", "2").output == "try 2\nend\n")
    }

    private static func names(_ value: Any) -> Set<String> {
        switch value {
        case let object as [String: Any]:
            object.reduce(into: Set(object.keys)) { $0.formUnion(names($1.value)) }
        case let array as [Any]:
            array.reduce(into: []) { $0.formUnion(names($1)) }
        default: []
        }
    }
}
