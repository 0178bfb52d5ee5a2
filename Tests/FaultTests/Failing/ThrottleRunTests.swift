import Execution
import Testing
import TestSupport

@Suite(
    "Steps that a real server refuses for being too many all succeed in the end",
    .enabled(if: BusyServer.canRun, "python3, which runs the server, is not here"),
    .timeLimit(.minutes(20)))
struct ThrottleRunTests {
    /// How "busy" is told, and what a step does when it is refused.
    struct Mark: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let setting: String
        let end: String
    }

    static let marks = [
        Mark(
            testDescription: "by its exit code", setting: "exit_codes = [75]",
            end: "case $answer in 200*) ;; 429*) exit 75 ;; *) exit 8 ;; esac"),
        Mark(
            testDescription: "by a pattern in the log, exit 1",
            setting: "pattern = '^refused: 429 '",
            end: "case $answer in 200*) ;; *) echo \"refused: $answer\"; exit 1 ;; esac"),
        Mark(
            testDescription: "by a pattern in the log, after exit 0 without success",
            setting: "pattern = '^refused: 429 '",
            end: "case $answer in 200*) echo served ;; *) echo \"refused: $answer\" ;; esac"),
    ]

    /// Ten steps of one resource, and one that ends when all that was lowered is raised again.
    private static func workflow(_ mark: Mark, of resource: String?) -> String {
        var text = """
            [execution]
            max_parallel_steps = 4
            [execution.throttle]
            \(mark.setting)
            delay = 0.05
            recover_after = 0.1

            """
        if let resource { text += "[resources]\n\(resource) = 4\n" }
        let pattern = mark.end.contains("served") ? "success_pattern = '^served$'\n" : ""
        for number in 1...10 {
            text += TestSpace.step(
                "s\(number)", "answer=$(bash ask); \(mark.end)",
                pattern + (resource.map { "resources_required = [\"\($0)\"]" } ?? ""))
        }
        let all = (1...10).map { "\"s\($0)\"" }.joined(separator: ", ")
        return text
            + TestSpace.step(
                "calm",
                """
                until grep '"throttle' .stepvisor/latest/events.ndjson |
                    tail -n 1 | grep 'throttle_eased.*"limit":4'; do
                    sleep 0.02
                done
                """,
                "dependencies = [\(all)]\ntimeout = \"60s\"")
    }

    @Test("of a resource", arguments: marks)
    func ofResource(mark: Mark) throws { try prove(mark, of: "api") }

    @Test("of the run, where steps take no resource")
    func ofRun() throws { try prove(Self.marks[0], of: nil) }

    private func prove(_ mark: Mark, of resource: String?) throws {
        let space = try TestSpace()
        let server = try BusyServer(in: space, bearing: 2)
        try space.workflow(Self.workflow(mark, of: resource))
        let result = try space.run("run", "--parallel", "-j", "4", seconds: 120)
        #expect(result.code == 0, "\(result)")
        let refused = server.answered(429)
        #expect(!refused.isEmpty)
        #expect(server.answered(200).sorted() == (1...10).map { "s\($0)" }.sorted())

        let run = try LatestRun(in: space)
        #expect(run.record.status == .complete)
        #expect(run.record.counts[.complete] == 11)
        for number in 1...10 {
            let step = try run.step("s\(number)")
            #expect(Int(step.attempts) == 1 + refused.count { $0 == "s\(number)" })
            #expect(step.method == .primary)
        }
        try expectLimitsKept(run, resource, refusals: refused.count)

        // What a person and a program are shown says why.
        let what = "at once" + (resource.map { " of `\($0)`" } ?? "")
        #expect(result.error.contains("at most 3 \(what), next start in 50ms"), "\(result)")
        #expect(result.error.contains("not busy for a while: at most 4 \(what)"), "\(result)")
        let throttled = try ProgressFile(in: space).list("throttled")
        #expect(throttled.count == 1)
        #expect(throttled.first?["resource"] as? String == resource)
        #expect(throttled.first?["times"] as? Int == refused.count)
        #expect(throttled.first?["limit"] as? Int == 4)
        #expect(Set(throttled.first?["steps"] as? [String] ?? []) == Set(refused))
        for id in Set(refused) {
            #expect(run.log(id).contains("--- stepvisor: attempt 2, primary"))
        }
    }

    /// Each refusal lowers the limit by one, no launch exceeds it, and it comes back to four.
    private func expectLimitsKept(
        _ run: LatestRun, _ resource: String?, refusals: Int
    ) throws {
        var (limit, lowest) = (4, 4)
        var (throttled, inFlight): (Int, Set<Int>) = (0, [])
        for event in run.events {
            switch event.kind {
            case .throttled(_, let of, let now, let delay):
                #expect(of == resource)
                #expect(now == max(1, limit - 1))
                #expect(delay >= 50)
                limit = now
                lowest = min(lowest, limit)
                throttled += 1
            case .throttleEased(let of, let now):
                #expect(of == resource)
                #expect(now == limit + 1)
                limit = now
            case .launched(let step, _, _, _):
                inFlight.insert(step)
                #expect(inFlight.count <= limit)
            case .attemptFailed(let step, let failure):
                #expect(failure.isBusy)
                inFlight.remove(step)
            case .ended(let step, _):
                inFlight.remove(step)
            default: break
            }
        }
        #expect(throttled == refusals)
        #expect(lowest <= 3)
        #expect(limit == 4)
    }
}
