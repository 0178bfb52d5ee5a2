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
        let lines = lines(in: state)
        var middles: [StepID: Milliseconds] = [:]
        middles.reserveCapacity(lines.count)
        for line in lines {
            var numbers = numbers(in: line.numbers)
            guard !numbers.isEmpty, StepID.isValid(line.id) else { continue }
            numbers.sort()
            middles[StepID(line.id)] = Milliseconds(numbers[numbers.count / 2])
        }
        return middles
    }

    /// Adds what a run has measured; steps that did not run keep what was known.
    public static func add(_ record: RunRecord, to state: StateDirectory) throws(SystemError) {
        var measured: [String: Int64] = [:]
        for (step, header) in zip(record.steps, record.header.steps) {
            guard step.status == .complete, let duration = step.duration else { continue }
            // Rounded up, so that a quick step differs from one that takes no time.
            measured[header.id] = max(1, (duration + 999_999) / 1_000_000)
        }
        guard !measured.isEmpty else { return }
        var lines = lines(in: state)
        // Of a large workflow few may have run: the lines of the others are kept as they are.
        for place in lines.indices {
            guard let new = measured.removeValue(forKey: lines[place].id) else { continue }
            let known = numbers(in: lines[place].numbers).suffix(mostSamples - 1)
            lines[place].numbers = text(of: known + [new])
        }
        if !measured.isEmpty {
            lines += measured.map { Line(id: $0.key, numbers: text(of: [$0.value])) }
            lines.sort { $0.id < $1.id }
        }
        var content = Array((firstLine + "\n").utf8)
        for line in lines where !numbers(in: line.numbers).isEmpty {
            content += line.id.utf8
            content.append(UInt8(ascii: "\t"))
            content += line.numbers
            content.append(UInt8(ascii: "\n"))
        }
        try state.replace(name, with: content)
    }

    private struct Line {
        var id: String
        var numbers: ArraySlice<UInt8>
    }

    private static func text(of numbers: ArraySlice<Int64>) -> ArraySlice<UInt8> {
        Array(numbers.map(String.init).joined(separator: " ").utf8)[...]
    }

    private static func lines(in state: StateDirectory) -> [Line] {
        guard let file = PrivateFile.reading([name], in: state.descriptor) else { return [] }
        let bytes = FileBytes.read(
            file.number, offset: 0, limit: min(Int(file.size ?? 0), 1 << 26))
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        guard let first = lines.first, first.elementsEqual(firstLine.utf8) else { return [] }
        return lines.dropFirst().compactMap { line in
            guard let tab = line.firstIndex(of: UInt8(ascii: "\t")) else { return nil }
            return Line(
                id: String(decoding: line[..<tab], as: UTF8.self), numbers: line[(tab + 1)...])
        }
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
}
