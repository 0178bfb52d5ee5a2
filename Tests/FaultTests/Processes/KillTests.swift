import Execution
import Foundation
import Testing
import TestSupport

@testable import Processes
@testable import Supervisor
@testable import SupervisorTestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A workflow of 40 steps that count: each adds up what it depends on, read from files and from
/// `STEPVISOR_OUTPUTS`, and leaves half a file behind when it is killed at the wrong moment.
private struct CountingProject {
    static let count = 40
    let space: TestSpace
    let dependencies: [[Int]]
    let marker: String

    init(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        dependencies = (0..<Self.count).map { step in
            let number = step == 0 ? 0 : Int.random(in: 0...min(3, step), using: &random)
            return Set((0..<number).map { _ in Int.random(in: 0..<step, using: &random) }).sorted()
        }
        space = try TestSpace()
        let name = "counting-\(UUID().uuidString)"
        space.environment["STEPVISOR_TEST_MARKER"] = name
        marker = "STEPVISOR_TEST_MARKER=\(name)"
        try space.directory("marks")
        try space.directory("out")
        try space.script(
            "count.sh",
            """
            me=$1; pause=$2; shift 2
            echo "start $$" >> marks/$me
            sum=$me
            for one; do
                read x < out/$one || exit 8
                read y < "$STEPVISOR_OUTPUTS/s$one" || exit 9
                [ "value=$x" = "$y" ] || exit 10
                sum=$(( (sum * 31 + x) % 1000003 ))
            done
            printf 9 > out/$me
            printf 'value=9' > "$STEPVISOR_OUTPUT"
            case $pause in retry) for try in 1 2 3; do sleep 0.005; done ;; nap) sleep 0.01 ;; esac
            echo "$sum" > out/$me
            echo "value=$sum" > "$STEPVISOR_OUTPUT"
            echo "end $$" >> marks/$me
            """)
        let steps = dependencies.enumerated().map { step, needed in
            let pause = ["none", "nap", "none", "retry"][step % 4]
            let words = ["./count.sh", "\(step)", pause] + needed.map(String.init)
            return """
                [[steps]]
                id = "s\(step)"
                command = [\(words.map { "\"\($0)\"" }.joined(separator: ", "))]
                dependencies = [\(needed.map { "\"s\($0)\"" }.joined(separator: ", "))]
                """
        }
        try space.workflow(steps.joined(separator: "\n"))
    }

    /// What an undisturbed run leaves.
    var expected: [String] {
        var sums: [Int] = []
        for (step, needed) in dependencies.enumerated() {
            sums.append(needed.reduce(step) { ($0 * 31 + sums[$1]) % 1_000_003 })
        }
        return sums.map(String.init)
    }

    var results: [String] {
        (0..<Self.count).map { space.text("out/\($0)").trimmingCharacters(in: .newlines) }
    }

    /// Starts a run, and kills it after so many milliseconds; nil when it was quicker.
    ///
    /// - Returns: what it came to.
    func run(_ words: [String], killedAfter milliseconds: Int?) throws -> CommandResult {
        guard let milliseconds else {
            return try space.start(["run", "-j4"] + words).wait(seconds: 60)
        }
        let command = try space.start(["run", "-j4"] + words)
        // A shell waits for the moment, so that the moment does not depend on this program's.
        let delay = "\(milliseconds / 1000).\(String(milliseconds % 1000 + 1000).dropFirst())"
        _ = try space.start(
            program: "/bin/sh", ["-c", "sleep \(delay); kill -9 \(command.pid) 2>/dev/null"]
        ).wait()
        return command.wait(seconds: 60)
    }

    /// What still runs of all runs; the next start has to have ended what a killed one left.
    var leftProcesses: [ProcessFacts] { Processes.carrying(marker) }

    /// All events of all runs, in the order of time.
    func journals() throws -> [Journal] {
        let names = try FileManager.default.contentsOfDirectory(
            atPath: space.path(".stepvisor/runs"))
        return names.compactMap { name in
            let run = space.path(".stepvisor/runs/\(name)")
            let contents = { (file: String) in
                FileManager.default.contents(atPath: "\(run)/\(file)")
            }
            guard let bytes = contents("events.ndjson") else { return nil }
            return try? JournalReader.read(
                Array(bytes), stepList: { contents(StepList.fileName).map { Array($0) } })
        }.sorted { $0.header.startedAt.microseconds < $1.header.startedAt.microseconds }
    }
}

@Suite("A run that was killed at any moment is gone on with", .timeLimit(.minutes(30)))
struct KillTests {
    private static let isLong =
        ProcessInfo.processInfo.environment["STEPVISOR_FUZZ"] == "long"

    /// What one story came to.
    private struct Tally {
        var kills = 0
        var reused = 0
    }

    @Test("kill -9 at random moments of 40 steps, and resume: all ends as if nothing had been")
    func randomMoments() throws {
        let first = try CountingProject(seed: 0)
        let began = Date()
        let undisturbed = try first.run([], killedAfter: nil)
        let length = Int(Date().timeIntervalSince(began) * 1000)
        #expect(undisturbed.code == 0, "\(undisturbed)")
        #expect(first.results == first.expected)

        var total = Tally()
        let stories = Self.isLong ? 200 : 8
        for seed in 1...UInt64(stories) {
            let tally = try story(seed: seed, length: length)
            total.kills += tally.kills
            total.reused += tally.reused
        }
        // A few moments may lie behind the end of a quick run.
        #expect(total.kills >= stories / 2, "only \(total.kills) of \(stories) were in time")
        #expect(total.reused > 0, "no resumed run took anything over")
    }

    /// One project: a run that is killed, then resumed until it is complete.
    private func story(seed: UInt64, length: Int) throws -> Tally {
        let project = try CountingProject(seed: seed)
        var random = SeededGenerator(seed: seed &* 7919)
        var tally = Tally()
        func moment() -> Int { Int.random(in: 0...length, using: &random) }

        var result = try project.run([], killedAfter: moment())
        if result.end == .signal(SIGKILL) { tally.kills += 1 }
        for round in 0..<10 where result.code != 0 {
            let isKilled = round < 4 && Bool.random(using: &random)
            result = try project.run(["--resume"], killedAfter: isKilled ? moment() : nil)
            if result.end == .signal(SIGKILL) { tally.kills += 1 }
        }
        #expect(project.leftProcesses.isEmpty, "seed \(seed)")
        #expect(result.code == 0, "seed \(seed): \(result)")
        #expect(project.results == project.expected, "seed \(seed)")
        tally.reused = try check(project, seed: seed)
        return tally
    }

    /// Every step ended exactly once after its last start, by its own marks and by the journals.
    ///
    /// - Returns: how many steps the last run took over.
    private func check(_ project: CountingProject, seed: UInt64) throws -> Int {
        let journals = try project.journals()
        var ends = [Int](repeating: 0, count: CountingProject.count)
        for journal in journals {
            for event in journal.events {
                switch event.kind {
                case .launched(let step, _, _, _): ends[step] = 0
                case .ended(let step, let end): ends[step] += end.status == .complete ? 1 : 100
                default: break
                }
            }
        }
        for step in 0..<CountingProject.count {
            let marks = project.space.lines("marks/\(step)").map { $0.split(separator: " ")[0] }
            let last = marks.lastIndex(of: "start") ?? -1
            #expect(marks[(last + 1)...] == ["end"], "seed \(seed), step \(step): \(marks)")
            #expect(ends[step] == 1, "seed \(seed), step \(step)")
        }
        let final = try #require(journals.last).record
        #expect(final.status == .complete)
        return final.doneEarlierCount
    }
}
