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

    init(plan: RunPlan, root: String, ingredients: StepIngredients) {
        self.plan = plan
        self.root = root
        self.ingredients = ingredients
        directory = OpenDirectory(root)
    }

    /// Looks at all steps of a large plan once, by as many threads as there are processors.
    mutating func lookAhead(at known: KnownSteps) {
        guard !isOver, ahead.isEmpty, plan.count >= Self.leastAhead else { return }
        let glances = self
        let steps = plan.count
        ahead = [Bool](unsafeUninitializedCapacity: steps) { buffer, count in
            let answers = Answers(buffer)
            let shares = (steps + Self.share - 1) / Self.share
            DispatchQueue.concurrentPerform(iterations: shares) { number in
                let first = number * Self.share
                for step in first..<min(steps, first + Self.share) {
                    answers.note(glances.looksSame(step, known), of: step)
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
    func memory(of step: Int, _ known: KnownSteps) -> GlancedMemory? {
        guard ahead.isEmpty ? looksSame(step, known) : ahead[step],
            let range = known.success(of: id(of: step))
        else { return nil }
        return known.withBytes { bytes in
            var reader = RecordReader(UnsafeRawBufferPointer(rebasing: bytes[range]))
            return reader.memory()
        }
    }

    private func id(of step: Int) -> String { plan.resolved.workflow.steps[step].id.rawValue }

    // MARK: - One step

    private func looksSame(_ index: Int, _ known: KnownSteps) -> Bool {
        guard plan.selected[index], let directory else { return false }
        return plan.resolved.workflow.steps.withUnsafeBufferPointer { steps in
            guard DueCause.standing(of: steps[index]) == nil, !steps[index].hasGating,
                let range = known.success(of: steps[index].id.rawValue)
            else { return false }
            return known.withBytes { bytes in
                var reader = RecordReader(UnsafeRawBufferPointer(rebasing: bytes[range]))
                return looksSame(index, steps[index], &reader, in: directory.number)
            }
        }
    }

    private func looksSame(
        _ index: Int, _ step: Step, _ reader: inout RecordReader, in directory: Int32
    ) -> Bool {
        guard let head = reader.head(), !head.hasResult,
            head.declaresOutputs == !step.outputFiles.isEmpty,
            var read = paths(step.inputs), let written = paths(step.outputFiles)
        else { return false }
        read += InputPatterns.scripts(of: index, step, plan: plan, root: root)
        return reader.filesLookSame(as: Self.sorted(read), in: directory)
            && reader.filesLookSame(as: Self.sorted(written), in: directory)
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

/// What a glance needs of what is known of a step.
struct GlancedMemory {
    var run: String
    var products: [StepProduct]
}

/// Reads the record of a success where it lies, in the form of ``MemoryWriter``.
private struct RecordReader {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0

    struct Head {
        var declaredDigest: Digest
        var declaresOutputs: Bool
        var hasResult: Bool
    }

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
        let size = MemoryLayout<Number>.size
        guard bytes.count - place >= size else { return nil }
        defer { place += size }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: place, as: Number.self))
    }

    private mutating func skip(_ count: Int) -> Bool {
        guard bytes.count - place >= count else { return false }
        place += count
        return true
    }

    private mutating func blob() -> UnsafeRawBufferPointer? {
        guard let length = number(UInt32.self) else { return nil }
        let start = place
        guard skip(Int(length)) else { return nil }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<place])
    }

    private mutating func digest() -> Digest? {
        guard let a = number(UInt64.self), let b = number(UInt64.self),
            let c = number(UInt64.self), let d = number(UInt64.self)
        else { return nil }
        return Digest((a, b, c, d))
    }

    mutating func head() -> Head? {
        guard blob() != nil, digest() != nil, let declared = digest(),
            let declaresOutputs = number(UInt8.self), let hasResult = number(UInt8.self),
            digest() != nil
        else { return nil }
        return Head(
            declaredDigest: declared, declaresOutputs: declaresOutputs == 1,
            hasResult: hasResult == 1)
    }

    /// Whether the files that follow are these, and look as they did when their contents were known.
    mutating func filesLookSame(as paths: [String], in directory: Int32) -> Bool {
        guard let count = number(UInt32.self), Int(count) == paths.count else { return false }
        for path in paths {
            guard let written = blob(), path.utf8.count == written.count,
                path.utf8.elementsEqual(written), let facts = facts(),
                facts.now(path, in: directory)
            else { return false }
        }
        return true
    }

    private struct Facts {
        var facts: InputFacts
        var seenAt: Int64

        func now(_ path: String, in directory: Int32) -> Bool {
            var found = stat()
            guard facts.kind == .file, facts.isSettled(at: seenAt),
                fstatat(directory, path, &found, AT_SYMLINK_NOFOLLOW) == 0
            else { return false }
            return InputFacts(found) == facts
        }
    }

    private mutating func facts() -> Facts? {
        guard let kind = number(UInt8.self).flatMap(InputFacts.Kind.init(rawValue:)),
            let isExecutable = number(UInt8.self), let size = number(Int64.self),
            let modifiedAt = number(Int64.self), let changedAt = number(Int64.self),
            let inode = number(UInt64.self), let seenAt = number(Int64.self), skip(32)
        else { return nil }
        let facts = InputFacts(
            kind: kind, isExecutable: isExecutable == 1, size: size, modifiedAt: modifiedAt,
            changedAt: changedAt, inode: inode)
        return Facts(facts: facts, seenAt: seenAt)
    }

    /// The run of the success, and what the steps that it needs had produced.
    mutating func memory() -> GlancedMemory? {
        guard let run = blob(), skip(32 + 32 + 1 + 1 + 32), skipFiles(), skipFiles(),
            let count = number(UInt32.self)
        else { return nil }
        var memory = GlancedMemory(run: String(decoding: run, as: UTF8.self), products: [])
        for _ in 0..<count {
            guard let step = blob(), let digest = digest() else { return nil }
            memory.products.append(
                StepProduct(step: String(decoding: step, as: UTF8.self), digest: digest))
        }
        return memory
    }

    private mutating func skipFiles() -> Bool {
        guard let count = number(UInt32.self) else { return false }
        for _ in 0..<count where blob() == nil || !skip(1 + 1 + 5 * 8 + 32) { return false }
        return true
    }
}
