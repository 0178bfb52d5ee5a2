public import Execution
public import WorkflowModel
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// How long steps took in their last good runs: `.stepvisor/durations`.
///
/// A file of its own, since reading a journal of 10,000 steps would cost more than planning them.
/// A line a step: its id, a tab, and up to five lengths in milliseconds, the latest last. It is
/// data: what cannot be read counts as not known.
public enum DurationStore {
    static let name = "durations"
    private static let firstLine = "stepvisor durations 1"
    private static let mostSamples = 5

    /// The middle of the known lengths of each step; empty where none are known.
    public static func read(root: String) -> [StepID: Milliseconds] {
        guard let state = try? StateDirectory(root: root, create: false) else { return [:] }
        return samples(in: state).mapValues { samples in
            Milliseconds(samples.sorted()[samples.count / 2])
        }
    }

    /// Adds what a run has measured; steps that did not run keep what was known.
    public static func add(_ record: RunRecord, to state: StateDirectory) throws(SystemError) {
        var samples = samples(in: state)
        var hasChanged = false
        for (step, header) in zip(record.steps, record.header.steps) {
            guard step.status == .complete, let duration = step.duration else { continue }
            hasChanged = true
            // Rounded up, so that a quick step differs from one that takes no time.
            let milliseconds = max(1, (duration + 999_999) / 1_000_000)
            let known = samples[StepID(header.id), default: []].suffix(mostSamples - 1)
            samples[StepID(header.id)] = known + [milliseconds]
        }
        guard hasChanged else { return }
        try write(samples, to: state)
    }

    private static func samples(in state: StateDirectory) -> [StepID: [Int64]] {
        guard let file = PrivateFile.reading([name], in: state.descriptor) else { return [:] }
        let bytes = FileBytes.read(
            file.number, offset: 0, limit: min(Int(file.size ?? 0), 1 << 26))
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        guard let first = lines.first, first.elementsEqual(firstLine.utf8) else { return [:] }
        var samples: [StepID: [Int64]] = [:]
        samples.reserveCapacity(lines.count)
        for line in lines.dropFirst() {
            guard let tab = line.firstIndex(of: UInt8(ascii: "\t")) else { continue }
            let numbers = numbers(in: line[(tab + 1)...])
            let id = String(decoding: line[..<tab], as: UTF8.self)
            guard !numbers.isEmpty, StepID.isValid(id) else { continue }
            samples[StepID(id)] = numbers
        }
        return samples
    }

    private static func numbers(in text: ArraySlice<UInt8>) -> [Int64] {
        var numbers: [Int64] = []
        var number: Int64 = 0
        var digits = 0
        for byte in text {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9") where digits < 15:
                number = number * 10 + Int64(byte - UInt8(ascii: "0"))
                digits += 1
            case UInt8(ascii: " ") where digits > 0:
                numbers.append(number)
                (number, digits) = (0, 0)
            default: return []
            }
        }
        if digits > 0 { numbers.append(number) }
        return Array(numbers.suffix(mostSamples))
    }

    private static func write(
        _ samples: [StepID: [Int64]], to state: StateDirectory
    ) throws(SystemError) {
        var text = firstLine + "\n"
        for (id, numbers) in samples.sorted(by: { $0.key < $1.key }) {
            text += id.rawValue + "\t" + numbers.map(String.init).joined(separator: " ") + "\n"
        }
        try state.replace(name, with: Array(text.utf8))
    }
}
