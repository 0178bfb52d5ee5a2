import Foundation
import Testing
import TestSupport

@Suite("On which terms a plan's steps run", .timeLimit(.minutes(20)))
struct PlanTermsTests {
    private static func space() throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(
            """
            name = "terms"
            [execution]
            failure_strategy = "optimistic"
            failure_threshold = 2
            barriers = true
            phase_timeout = "60s"
            run_timeout = "1h"
            [execution.retry]
            delay = "2s"
            max_delay = "30s"
            budget = 5
            [execution.throttle]
            exit_codes = [75, 76]
            pattern = "429"
            delay = "3s"
            recover_after = "4s"
            [execution.breaker]
            failures = 3
            cool_down = "10s"
            when_open = "fail"
            [resources]
            db = 2
            [[steps]]
            id = "api"
            command = "true"
            retries = 2
            retry_on = [7, "timeout", "TERM"]
            backups = ["echo other", { description = "ask someone" }]
            success_pattern = "all done"
            verify = "test -f x"
            timeout = "5s"
            resources_required = ["db"]
            [[steps]]
            id = "lint"
            command = "true"
            allow_failure = true
            [[steps]]
            id = "docs"
            command = "true"
            condition = 'IF steps.api.status == "complete"'
            [[steps]]
            id = "clean"
            command = "true"
            always = true
            """)
        return space
    }

    private static let policy = """
        on a critical failure: halt_on_critical, optimistic; after 2 failures in a row: halts; mode silent
        before a retry: 2s, doubled up to 30s; 5 retries in all
        busy is exit code 75 or 76 or `429` in the log: one less at once, again after 3s, back after 4s
        breaker of `db`: opens after 3 failures in a row for 10s; steps fail at once
        limit of a phase: 1m30s (1.5 × 1m)
        limit of the run: 1h
        would be parallel: api and lint (with `--parallel`)

        """

    @Test("`plan` shows retries, backups, conditions, checks, finalizers and the policy")
    func plan() throws {
        let space = try Self.space()
        let plan = try space.run("plan")
        #expect(plan.code == 0, "\(plan)")
        let output = plan.output
        #expect(
            output.contains(
                "[needs db]  [2 retries on 7, timeout or SIGTERM]  [2 backups, 1 in words only]  "
                    + "[log must hold `all done`]  [verified by `test -f x`]\n"), "\(output)")
        #expect(output.contains("[may fail]"))
        #expect(output.contains("[if `steps.api.status == \"complete\"`]"))
        #expect(
            output.contains("\nfinalizers (1 step, at the end whatever happened)\n  clean\n"))
        #expect(output.hasSuffix(Self.policy), "\(output)")
        #expect(!output.contains("backup[1]:"))
        let long = try space.run("plan", "-v").output
        #expect(long.contains("backup[1]: echo other\n"))
        #expect(long.contains("backup[2]: in words only (ask someone)\n"))
        let parallel = try space.run("plan", "--parallel").output
        #expect(!parallel.contains("would be parallel"))
    }

    @Test("`--dry-run` shows the same, with the finalizers at the end")
    func dryRun() throws {
        let space = try Self.space()
        let result = try space.run("--dry-run")
        #expect(result.code == 0, "\(result)")
        #expect(
            result.output.contains("2 retries on 7, timeout or SIGTERM; 2 backups, 1 in words only")
        )
        #expect(result.output.contains("     backup[1]: echo other\n"), "\(result)")
        #expect(result.output.contains("at the end, whatever happened:\n  4  clean"))
        #expect(
            result.output.hasSuffix(Self.policy + "nothing was run and nothing was written\n"),
            "\(result)")
    }

    @Test("both have all of it as JSON", arguments: [["plan", "--json"], ["-n", "--json"]])
    func json(words: [String]) throws {
        let space = try Self.space()
        let result = try space.start(words).wait()
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        let plan = try #require(object as? [String: Any], "\(result)")
        let steps =
            plan["steps"] as? [[String: Any]]
            ?? (plan["phases"] as? [[String: Any]] ?? []).flatMap {
                $0["steps"] as? [[String: Any]] ?? []
            } + (plan["finalizers"] as? [[String: Any]] ?? [])
        #expect(steps.map { $0["step_id"] as? String } == ["api", "lint", "docs", "clean"])
        let api = try #require(steps.first)
        #expect(api["most_attempts"] as? Int == 4 && api["retries"] as? Int == 2)
        #expect(api["retry_on"] as? [String] == ["7", "timeout", "SIGTERM"])
        let backups = try #require(api["backups"] as? [[String: Any]])
        #expect(backups.map { $0["command"] as? String } == ["echo other", nil])
        #expect(backups.last?["description"] as? String == "ask someone")
        #expect(api["success_pattern"] as? String == "all done")
        #expect(api["verify"] as? String == "test -f x")
        #expect(api["timeout_ms"] as? Int == 5000 && api["idle_timeout_ms"] is NSNull)
        #expect(steps.map { $0["always"] as? Bool } == [false, false, false, true])
        #expect(steps[1]["allow_failure"] as? Bool == true)
        #expect(steps[2]["condition"] as? String == "IF steps.api.status == \"complete\"")
        let policy = try #require(plan["policy"] as? [String: Any])
        #expect(policy["error_propagation"] as? String == "halt_on_critical")
        #expect(policy["failure_strategy"] as? String == "optimistic")
        #expect(policy["failure_threshold"] as? Int == 2)
        #expect(policy["mode"] as? String == "silent" && policy["heeds_critical"] as? Bool == true)
        #expect((policy["retry"] as? [String: Any])?["max_delay_ms"] as? Int == 30_000)
        #expect((policy["retry"] as? [String: Any])?["budget"] as? Int == 5)
        #expect((policy["throttle"] as? [String: Any])?["exit_codes"] as? [Int] == [75, 76])
        let breaker = try #require((policy["breakers"] as? [[String: Any]])?.first)
        #expect(breaker["resource"] as? String == "db" && breaker["cool_down_ms"] as? Int == 10_000)
        #expect(breaker["when_open"] as? String == "fail")
        #expect(policy["phase_limit_ms"] as? Int == 90_000)
        #expect(policy["run_limit_ms"] as? Int == 3_600_000)
        #expect(plan["would_be_parallel"] as? [String] == ["api", "lint"])
        #expect(plan["parallel_sets"] as? [[String]] == [["api", "lint"]])
    }
}
