import DependencyGraph
public import Execution
public import Platform
import SystemCalls
public import WorkflowModel

/// How long steps took in their last good runs: `.stepvisor/durations`.
///
/// A file of its own, since reading a journal of 10,000 steps would cost more than planning them.
/// A line a step: the workflow's file, the step's id, a digest of its command, and up to five lengths in
/// milliseconds, the latest last, each parted by a tab from what follows. A length holds for that
/// workflow and that command alone. It is data: what cannot be read counts as not known, and so does
/// the file of an earlier version, which knew nothing but ids.
public enum DurationStore {
    package static let name = "durations"
    private static let firstLine = "stepvisor durations 2"
    private static let maxSamples = 5

    /// The middle of the known lengths of each step of a plan; empty where none are known.
    ///
    /// - Parameters:
    ///   - plan: Says what the steps start.
    ///   - workflow: The name of its file or directory in the project root.
    ///   - root: The project root, absolute.
    /// - Returns: Lengths by step.
    public static func read(
        for plan: RunPlan, of workflow: String, root: String
    ) -> [StepID: Milliseconds] {
        guard let state = try? StateDirectory(root: root, create: false) else { return [:] }
        let workflow = StepStateLog.key(of: workflow)
        let lines = lines(in: state)
        guard lines.contains(where: { $0.workflow == workflow }) else { return [:] }
        let commands = Commands(of: plan, root: root)
        var middles: [StepID: Milliseconds] = [:]
        middles.reserveCapacity(lines.count)
        for line in lines where line.workflow == workflow {
            let id = StepID(line.id)
            guard let step = plan.resolved.graph.index(of: id),
                commands.digest(of: step) == line.command
            else { continue }
            var numbers = numbers(in: line.numbers)
            guard !numbers.isEmpty else { continue }
            numbers.sort()
            middles[id] = Milliseconds(numbers[numbers.count / 2])
        }
        return middles
    }

    /// Adds what a run has measured; steps that did not run keep what was known.
    ///
    /// - Parameters:
    ///   - record: The run.
    ///   - plan: What it ran.
    ///   - workflow: The name of its file or directory in the project root.
    ///   - state: The state of the project.
    /// - Throws: When the file cannot be replaced.
    public static func add(
        _ record: RunRecord, of plan: RunPlan, workflow: String, to state: StateDirectory
    ) throws(SystemError) {
        var lengths: [Int: Int64] = [:]
        for (index, step) in record.steps.enumerated() {
            guard step.status == .complete, let duration = step.duration else { continue }
            // Rounded up, so that a quick step differs from one that takes no time.
            lengths[index] = max(1, (duration + 999_999) / 1_000_000)
        }
        try add(lengths, of: plan, workflow: workflow, to: state)
    }

    /// Adds one length in milliseconds for each of some steps, by index.
    package static func add(
        _ lengths: [Int: Int64], of plan: RunPlan, workflow: String, to state: StateDirectory
    ) throws(SystemError) {
        guard !lengths.isEmpty else { return }
        let workflow = StepStateLog.key(of: workflow)
        let commands = Commands(of: plan, root: state.root)
        var measured: [String: (length: Int64, command: String)] = [:]
        for (step, length) in lengths where plan.selected.indices.contains(step) {
            measured[plan.resolved.graph.nodes[step].rawValue] = (
                length, commands.digest(of: step)
            )
        }
        var lines = lines(in: state)
        // Of a large workflow few may have run: the lines of the others are kept as they are.
        for place in lines.indices where lines[place].workflow == workflow {
            guard let new = measured.removeValue(forKey: lines[place].id) else { continue }
            let isSame = lines[place].command == new.command
            let known = isSame ? numbers(in: lines[place].numbers).suffix(maxSamples - 1) : []
            lines[place].command = new.command
            lines[place].numbers = text(of: known + [new.length])
        }
        if !measured.isEmpty {
            lines += measured.map { id, new in
                Line(
                    workflow: workflow, id: id, command: new.command,
                    numbers: text(of: [new.length]))
            }
            lines.sort { ($0.workflow, $0.id) < ($1.workflow, $1.id) }
        }
        var content = Array((firstLine + "\n").utf8)
        for line in lines where !numbers(in: line.numbers).isEmpty {
            for text in [line.workflow, line.id, line.command] {
                content += text.utf8
                content.append(UInt8(ascii: "\t"))
            }
            content += line.numbers
            content.append(UInt8(ascii: "\n"))
        }
        try state.replace(name, with: content)
    }

    /// Tells commands apart by 16 digits each.
    private struct Commands {
        private let ingredients: StepIngredients

        init(of plan: RunPlan, root: String) {
            // A command may hold a secret that was written out.
            let hasSecrets = !plan.resolved.workflow.execution.secrets.isEmpty
            ingredients = StepIngredients(
                plan: plan, inherited: [:], key: hasSecrets ? ProjectKey.text(root: root) : nil)
        }

        func digest(of step: Int) -> String {
            let text = String(ingredients.command(of: step).digest, radix: 16)
            return String(repeating: "0", count: 16 - text.utf8.count) + text
        }
    }

    private struct Line {
        var workflow: String
        var id: String
        var command: String
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
            let parts = line.split(
                separator: UInt8(ascii: "\t"), maxSplits: 3, omittingEmptySubsequences: false)
            guard parts.count == 4 else { return nil }
            let texts = parts[..<3].map { String(decoding: $0, as: UTF8.self) }
            guard StepID.isValid(texts[1]) else { return nil }
            return Line(
                workflow: texts[0], id: texts[1], command: texts[2], numbers: parts[3])
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
        return Array(numbers.suffix(maxSamples))
    }
}
