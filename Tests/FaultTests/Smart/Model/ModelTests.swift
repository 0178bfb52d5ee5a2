import Foundation
import Platform
import Supervisor
import Testing
import TestSupport

@Suite(
    "After any edits a smart run leaves what a clean run would, and runs nothing in vain",
    .timeLimit(.minutes(20)))
struct ModelTests {
    /// The numbers of all sequences, by the process that goes through them.
    ///
    /// Each sequence follows from its number. `STEPVISOR_SEED` goes through one alone,
    /// `STEPVISOR_SEQUENCES` through so many.
    private static let batches: [Range<Int>] = {
        func number(_ name: String) -> Int? {
            ProcessInfo.processInfo.environment[name].flatMap { Int($0) }
        }
        if let seed = number("STEPVISOR_SEED") { return [seed..<seed + 1] }
        let size = max(1, (number("STEPVISOR_SEQUENCES") ?? 2000) / 8)
        return (0..<8).map { $0 * size..<($0 + 1) * size }
    }()

    @Test(
        "2,000 random sequences of edits and runs, judged by an observer who knows everything",
        arguments: batches)
    func library(seeds: Range<Int>) async throws {
        let report = FileManager.default.temporaryDirectory
            .appendingPathComponent("stepvisor-model-\(UUID().uuidString)").path
        defer { unlink(report) }
        // A supervisor takes over the signals and the orphans of its process.
        await #expect(processExitsWith: .success) {
            [seeds = seeds as Range<Int>, report = report as String] in
            ModelBatch.run(seeds: seeds, report: report)
        }
        let text = try String(contentsOfFile: report, encoding: .utf8)
        try #require(!text.hasPrefix("seed"), "\(text)")
        let counts = text.split(separator: " ").compactMap { Int($0) }
        try #require(counts.count == 4, "\(text)")
        #expect(counts[0] == seeds.count)
        // Else nothing was proved.
        #expect(seeds.count < 5 || counts[1] > 5 * seeds.count, "\(text)")
        #expect(seeds.count < 5 || counts[2] > 4 * seeds.count, "\(text)")
        #expect(seeds.count < 50 || counts[3] > seeds.count / 8, "\(text)")
    }

    @Test("files that are old enough to be known by their looks are never taken for what they were")
    func oldFiles() async throws {
        let report = FileManager.default.temporaryDirectory
            .appendingPathComponent("stepvisor-model-\(UUID().uuidString)").path
        defer { unlink(report) }
        await #expect(processExitsWith: .success) { [report = report as String] in
            ModelBatch.runSlowly(seeds: 5000..<5100, rounds: 5, report: report)
        }
        let text = try String(contentsOfFile: report, encoding: .utf8)
        #expect(text.hasPrefix("100 "), "\(text)")
    }

    @Test(
        "the built program, killed by kill -9 in the middle, forgets nothing and believes nothing wrong",
        arguments: 0..<30)
    func program(seed: Int) throws {
        let space = try TestSpace()
        var sequence = try ModelSequence(
            seed: UInt64(seed) + 1_000_000, runner: ProgramRunner(space: space),
            root: space.root.path)
        do {
            try sequence.go(rounds: 5)
        } catch let failure as ModelSequence.Failure {
            Issue.record("seed \(seed): \(failure.description)")
        }
        #expect(sequence.ran > 0)
    }
}

/// Many sequences in a process of their own.
enum ModelBatch {
    /// Goes through sequences until one fails, writes how many there were, or what failed, and ends
    /// this process.
    static func run(seeds: Range<Int>, report: String) -> Never {
        // One that hangs ends by SIGALRM, which no test takes for a success.
        alarm(900)
        ProcessSetup.prepare()
        var (count, ran, skipped, restored) = (0, 0, 0, 0)
        var text = ""
        do {
            for seed in seeds {
                let root = try place()
                var sequence = try ModelSequence(
                    seed: UInt64(seed), runner: LibraryRunner(), root: root)
                do {
                    try sequence.go(rounds: 3)
                } catch {
                    text = "seed \(seed) in \(root): \(error)"
                    break
                }
                (count, restored) = (count + 1, restored + sequence.restored)
                (ran, skipped) = (ran + sequence.ran, skipped + sequence.skipped)
                _ = chdir("/")
                try FileManager.default.removeItem(atPath: root)
            }
        } catch {
            text = "\(error)"
        }
        if text.isEmpty { text = "\(count) \(ran) \(skipped) \(restored)" }
        let isWritten = FileManager.default.createFile(
            atPath: report, contents: Data(text.utf8))
        exit(isWritten ? 0 : 1)
    }

    /// Goes through sequences side by side: between two rounds all files become old enough to be known
    /// by their looks, which in quick sequences none is.
    static func runSlowly(seeds: Range<Int>, rounds: Int, report: String) -> Never {
        alarm(900)
        ProcessSetup.prepare()
        var text = ""
        do {
            var sequences: [(seed: Int, root: String, sequence: ModelSequence)] = []
            for seed in seeds {
                let root = try place()
                let sequence = try ModelSequence(
                    seed: UInt64(seed), runner: LibraryRunner(), root: root,
                    favouring: [.command, .variable, .secretEdit, .editOutput, .dependency]
                        .flatMap { [$0, $0, $0, $0] })
                sequences.append((seed, root, sequence))
            }
            for round in 0..<rounds {
                for index in sequences.indices {
                    do {
                        if round == 0 { try sequences[index].sequence.go(rounds: 0) }
                        try sequences[index].sequence.goOn()
                    } catch {
                        throw ModelSequence.Failure(
                            description: "seed \(sequences[index].seed) in "
                                + "\(sequences[index].root): \(error)")
                    }
                }
                let end = Date().addingTimeInterval(2.2)
                _ = TestSpace.wait(seconds: 10) { Date() > end }
            }
            _ = chdir("/")
            for (_, root, _) in sequences { try FileManager.default.removeItem(atPath: root) }
            text = "\(sequences.count) sequences"
        } catch {
            text = "\(error)"
        }
        let isWritten = FileManager.default.createFile(
            atPath: report, contents: Data(text.utf8))
        exit(isWritten ? 0 : 1)
    }

    /// A new directory, in memory where the system has such a place: a run waits for its disk.
    private static func place() throws -> String {
        let shared = "/dev/shm"
        let base =
            access(shared, W_OK) == 0
            ? shared : FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
        let root = "\(base)/stepvisor-model-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: root, withIntermediateDirectories: false)
        return root
    }
}
