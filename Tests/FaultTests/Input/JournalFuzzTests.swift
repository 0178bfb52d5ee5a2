import Execution
import Foundation
import Testing
import TestSupport

/// Damaged journals: whatever happens to the file, the events before the damage are all there,
/// none is changed, and nothing is believed that was not written.
@Suite("Fault 55: a damaged journal keeps its good beginning", .timeLimit(.minutes(20)))
struct JournalFuzzTests {
    private static let newline = UInt8(ascii: "\n")

    /// A sealed journal, as the supervisor writes it, of seven events.
    private static func sample(steps count: Int = 3) -> [UInt8] {
        let header = RunHeader(
            runID: "20261121-061530-00aa", workflow: "docs \u{1B}[2J π", mode: .parallel,
            maxParallelSteps: 4, startedAt: WallTime(microseconds: 1_795_242_930_000_000),
            pid: 4711, bootID: "b0", tasks: [TaskHeader(id: "", description: "")],
            steps: (0..<count).map { StepHeader(id: "s\($0)", description: "", task: 0, phase: 0) })
        let ok = StepEnd(status: .complete, exit: .exited(0))
        let failed = StepEnd(status: .failed, reason: .exited(7), exit: .exited(7))
        var kinds: [RunEvent.Kind] = [.runStarted(header)]
        for step in 0..<count {
            kinds.append(.launched(step: step, attempt: 1, method: .primary, execution: 1))
            kinds.append(.started(step: step, pid: 100 + Int32(step), startTicks: 5))
            kinds.append(.ended(step: step, step % 3 == 1 ? failed : ok))
        }
        kinds.append(.runEnded(.failed))
        var encoder = JournalEncoder(header: header)
        return kinds.enumerated().reduce(into: []) { bytes, item in
            var line: [UInt8] = []
            let time = RunTime(nanoseconds: Int64(item.offset) * 1_000_000)
            encoder.append(RunEvent(item.element, at: time), to: &line)
            JournalSeal.seal(&line)
            bytes += line
        }
    }

    /// Reads a damaged journal and checks that its events are the first ones of the good one.
    ///
    /// - Returns: how many events were kept; nil when there was no journal to read.
    private func survives(
        _ broken: [UInt8], good: Journal, harmlessUpTo first: Int, _ what: @autoclosure () -> String
    ) -> Int? {
        let whole = good.lineEnds.count { $0 <= first }
        guard let journal = try? JournalReader.read(broken) else {
            #expect(whole == 0, "\(what()): the header was whole")
            return nil
        }
        let kept = journal.events.count
        #expect(kept >= whole, "\(what()): \(kept) of \(whole) whole lines kept")
        #expect(kept <= good.journal.events.count, "\(what()): more than was written")
        #expect(journal.events == Array(good.journal.events.prefix(kept)), "\(what())")
        if kept < good.journal.events.count {
            let isAtLineEnd = good.lineEnds.contains(broken.count)
            #expect(isAtLineEnd || !journal.problems.isEmpty, "\(what()): nothing was said")
        }
        return kept
    }

    /// A journal and where its lines end.
    private struct Journal {
        let bytes: [UInt8]
        let journal: Execution.Journal
        let lineEnds: [Int]

        init(_ bytes: [UInt8]) throws {
            self.bytes = bytes
            journal = try JournalReader.read(bytes)
            lineEnds = bytes.indices.filter { bytes[$0] == JournalFuzzTests.newline }
                .map { $0 + 1 }
        }
    }

    @Test("fault 55: with any bit of any byte flipped, no changed event is believed")
    func flippedEverywhere() throws {
        let good = try Journal(Self.sample())
        #expect(good.journal.problems.isEmpty)
        for index in good.bytes.indices {
            for bit in 0..<8 {
                var broken = good.bytes
                broken[index] ^= 1 << bit
                let kept = survives(
                    broken, good: good, harmlessUpTo: index, "bit \(bit) of byte \(index)")
                // Only the name of the seal in the first line can change without any loss.
                if kept == good.journal.events.count { #expect(index < good.lineEnds[0]) }
            }
        }
    }

    @Test("fault 55: cut off at every length, with and without zeros behind the cut")
    func cutEverywhere() throws {
        let good = try Journal(Self.sample())
        for length in 0...good.bytes.count {
            let cut = Array(good.bytes.prefix(length))
            for zeros in [0, 1, 4096] {
                let kept = survives(
                    cut + [UInt8](repeating: 0, count: zeros), good: good, harmlessUpTo: length,
                    "cut at \(length), \(zeros) zeros")
                #expect((kept ?? 0) == good.lineEnds.count { $0 <= length })
            }
        }
    }

    @Test("fault 55: a line that is lost makes up nothing: the others are as they were written")
    func lostLine() throws {
        let good = try Journal(Self.sample())
        let starts = [0] + good.lineEnds.dropLast()
        for (number, start) in starts.enumerated().dropFirst() {
            let lost = Array(good.bytes[..<start] + good.bytes[good.lineEnds[number]...])
            let journal = try JournalReader.read(lost)
            // What a lost line told is not made up: the others are as they were written.
            #expect(journal.events.allSatisfy { good.journal.events.contains($0) })
            #expect(journal.events.count == good.journal.events.count - 1)
        }
    }

    @Test("a line that was written without a seal is believed only where no line has one")
    func unsealed() throws {
        let good = try Journal(Self.sample())
        let bare = good.bytes.split(separator: Self.newline).map { line in
            String(decoding: line, as: UTF8.self).replacingOccurrences(
                of: ",\"crc\":\"[0-9a-f]{8}\"", with: "", options: .regularExpression)
        }
        let old = try JournalReader.read(Array((bare.joined(separator: "\n") + "\n").utf8))
        #expect(old.events == good.journal.events, "a journal of an earlier stepvisor")
        let mixed = good.bytes + Array((bare[1] + "\n").utf8)
        let journal = try JournalReader.read(mixed)
        #expect(journal.events == good.journal.events)
        guard case .damaged = journal.problems.first else {
            Issue.record("an unsealed line was believed")
            return
        }
    }

    @Test("the sum is the CRC-32 that other tools compute")
    func otherTools() throws {
        var line =
            Array(#"{"t":0.000,"event":"run_ended","status":"complete"}"#.utf8) + [
                Self.newline
            ]
        JournalSeal.seal(&line)
        // python3 -c 'import zlib; print(hex(zlib.crc32(b"{…\"complete\"")))'
        #expect(String(decoding: line, as: UTF8.self).hasSuffix("\"crc\":\"02b4b5f6\"}\n"))
    }

    @Test("fault 55: damage of every kind, at random", arguments: 0..<8)
    func mutated(seed: Int) throws {
        let isLong = ProcessInfo.processInfo.environment["STEPVISOR_FUZZ"] == "long"
        var random = SeededGenerator(seed: UInt64(seed))
        let good = try Journal(Self.sample(steps: 12))
        for round in 0..<(isLong ? 5_000 : 150) {
            var bytes = good.bytes
            var first = bytes.count
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                first = min(first, Self.damage(&bytes, using: &random))
            }
            _ = survives(
                bytes, good: good, harmlessUpTo: first, "seed \(seed), round \(round)")
        }
    }

    /// Damages a stretch and says where it begins.
    private static func damage(
        _ bytes: inout [UInt8], using random: inout SeededGenerator
    ) -> Int {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, at + Int.random(in: 1...80, using: &random))
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[at] ^= UInt8.random(in: 1...255, using: &random)
        case 1: bytes.removeSubrange(at...)
        case 2: bytes.replaceSubrange(at..<end, with: [UInt8](repeating: 0, count: end - at))
        case 3: bytes[at] = newline
        case 4: bytes.insert(contentsOf: [UInt8]("{\"t\":1}\n".utf8), at: at)
        default:
            for index in at..<end { bytes[index] = UInt8.random(in: 0...255, using: &random) }
        }
        return at
    }
}
