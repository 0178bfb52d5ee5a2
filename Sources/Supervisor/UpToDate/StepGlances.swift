import DependencyGraph
import Dispatch
import Execution
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Says of plain steps, by the looks of their files alone, that they are as their last success left
/// them: what is known is compared where it lies, and nothing is made of it.
///
/// Plain is a step that names its files one by one and asks no tool. Whatever is not plain, or not the
/// same, is for the full look to judge: a glance never says that a step is due.
struct StepGlances: Sendable {
    private let plan: RunPlan
    private let ingredients: StepIngredients
    private let root: String
    private let directory: OpenDirectory?
    /// For each step whether it looked the same; empty before and after the beginning of a run.
    private var ahead: [Bool] = []
    private var isOver = false

    /// With fewer steps another thread is not worth its start.
    private static let leastAhead = 256
    private static let share = 128

    init(
        plan: RunPlan, root: String, ingredients: StepIngredients
    ) {
        self.plan = plan
        self.root = root
        self.ingredients = ingredients
        directory = OpenDirectory(root)
    }

    /// Looks at all steps of a large plan once, by as many threads as there are processors.
    mutating func lookAhead(at known: StepStateLog) {
        guard !isOver, ahead.isEmpty, plan.count >= Self.leastAhead else { return }
        let glances = self
        let steps = plan.count
        ahead = [Bool](unsafeUninitializedCapacity: steps) { buffer, count in
            let answers = Answers(buffer)
            let shares = (steps + Self.share - 1) / Self.share
            DispatchQueue.concurrentPerform(iterations: shares) { number in
                let first = number * Self.share
                for step in first..<min(steps, first + Self.share) {
                    answers.note(glances.stampsMatch(step, known), of: step)
                }
            }
            count = steps
        }
    }

    /// Unchecked: each thread writes to places of its own, and the call that waits for all of them has
    /// the buffer.
    private struct Answers: @unchecked Sendable {
        private let buffer: UnsafeMutableBufferPointer<Bool>

        init(_ buffer: UnsafeMutableBufferPointer<Bool>) { self.buffer = buffer }

        func note(_ answer: Bool, of step: Int) { buffer.initializeElement(at: step, to: answer) }
    }

    /// From here on each look is a new one.
    mutating func forget() {
        ahead = []
        isOver = true
    }

    /// What is known of a step that looks the same; nil for any other.
    func memory(of step: Int, _ known: StepStateLog) -> GlancedMemory? {
        guard ahead.isEmpty ? stampsMatch(step, known) : ahead[step],
            let range = known.success(of: id(of: step))
        else { return nil }
        return known.withBytes { bytes in
            var reader = RecordReader(UnsafeRawBufferPointer(rebasing: bytes[range]))
            return reader.memory()
        }
    }

    private func id(of step: Int) -> String { plan.resolved.workflow.steps[step].id.rawValue }

    // MARK: - One step

    private func stampsMatch(_ index: Int, _ known: StepStateLog) -> Bool {
        guard plan.selected[index], let directory else { return false }
        return plan.resolved.workflow.steps.withUnsafeBufferPointer { steps in
            guard steps[index].declaresInputs, steps[index].modifies.isEmpty,
                !steps[index].hasGating,
                let range = known.success(of: steps[index].id.rawValue)
            else { return false }
            return known.withBytes { bytes in
                var reader = RecordReader(UnsafeRawBufferPointer(rebasing: bytes[range]))
                return stampsMatch(index, steps[index], &reader, in: directory.number)
            }
        }
    }

    private func stampsMatch(
        _ index: Int, _ step: Step, _ reader: inout RecordReader, in directory: Int32
    ) -> Bool {
        guard let head = reader.head(), !head.hasResult,
            head.declaresOutputs == step.declaresOutputs,
            var read = paths(step.inputs), let written = paths(step.outputFiles)
        else { return false }
        read += InputPatterns.scripts(of: index, step, plan: plan, root: root)
        if !written.isEmpty, read.contains(where: { written.contains($0) }) {
            read.removeAll { written.contains($0) }
        }
        return reader.filesAre(Self.sorted(read), lookSameIn: directory)
            && reader.filesAre(Self.sorted(written), lookSameIn: directory)
            && ingredients.declared(of: index, answers: [:]).fullDigest == head.declaredDigest
    }

    /// The files that patterns mean; nil where one may mean several.
    private func paths(_ patterns: [FilePattern]) -> [String]? {
        var paths: [String] = []
        paths.reserveCapacity(patterns.count + 1)
        for pattern in patterns {
            guard let path = pattern.plainPath else { return nil }
            paths.append(path)
        }
        return paths
    }

    /// In the order of their bytes, each once, as they were kept.
    private static func sorted(_ paths: [String]) -> [String] {
        func isBefore(_ a: String, _ b: String) -> Bool {
            a.utf8.lexicographicallyPrecedes(b.utf8)
        }
        var paths = paths
        if !zip(paths, paths.dropFirst()).allSatisfy({ isBefore($0, $1) }) {
            paths.sort(by: isBefore)
            var last: String?
            paths.removeAll { path in
                defer { last = path }
                return last?.utf8.elementsEqual(path.utf8) ?? false
            }
        }
        return paths
    }
}

/// A directory that is open as long as somebody may look into it.
private final class OpenDirectory: Sendable {
    let number: Int32

    init?(_ path: String) {
        guard let directory = try? Descriptor.open(path, flags: O_RDONLY | O_DIRECTORY) else {
            return nil
        }
        number = directory.release()
    }

    deinit { Platform.close(number) }
}
