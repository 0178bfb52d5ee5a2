import DependencyGraph
import Dispatch
import Execution
import FileState
import Platform
import StateStore
import Synchronization
import WorkflowModel

/// Says of steps whether what they declare and the stamps of their files are as their last success left
/// them; the record of the success is compared where it lies.
///
/// A step that it does not call unchanged is a candidate: its files are hashed, and the difference is
/// explained. Candidates are, beside those with a difference, steps that met a link or a special file,
/// and steps with files or directories that were too young then to be known by their stamps.
struct FileCheck: Sendable {
    private let plan: RunPlan
    private let ingredients: StepIngredients
    private let answers: [[UInt8]: String]
    /// What the paths that steps name depend on beside the workflow.
    private let surroundings: [UInt8]
    private let directory: OpenDirectory?
    /// For each step; empty before and after the beginning of a run, where each step is asked anew.
    private var found: [Answer] = []
    private var isOver = false

    /// What is as the last success left it.
    struct Answer: Sendable {
        var inputs = false
        var outputs = false
        /// Whether it wrote to `STEPVISOR_OUTPUT`.
        var hasResult = false
    }

    /// What a step says of its files, in numbers: another pattern may mean other files.
    struct Declaration {
        var digest: Digest
        var inputs: UInt64
        var outputs: UInt64
    }

    /// Steps that one thread takes in one go.
    private static let share = 256

    init(
        plan: RunPlan, root: String, ingredients: StepIngredients, answers: [[UInt8]: String]
    ) {
        self.plan = plan
        self.ingredients = ingredients
        self.answers = answers
        surroundings = InputPatterns.surroundings(root: root)
        directory = OpenDirectory(root)
    }

    /// Asks about all steps of a plan at once: each file once, by several threads where there are many.
    ///
    /// - Returns: What the files are; nil where that was asked before, or steps may have started.
    mutating func askAll(_ known: StepStateLog) -> FileTable? {
        guard !isOver, found.isEmpty, let directory else { return nil }
        let steps = plan.count
        let shares = (steps + Self.share - 1) / Self.share
        let lists = Mutex([FileRows?](repeating: nil, count: shares))
        let check = self
        @Sendable func gather(_ number: Int) {
            let first = number * Self.share
            let list = check.rows(of: first..<min(steps, first + Self.share), known)
            lists.withLock { $0[number] = list }
        }
        if shares > 1 {
            DispatchQueue.concurrentPerform(iterations: shares) { gather($0) }
        } else if shares == 1 {
            gather(0)
        }
        var table = FileTable()
        var gathered = lists.withLock { $0.compactMap { $0 } }
        table.reserveCapacity(gathered.reduce(0) { $0 + $1.count })
        known.withBytes { log in
            for number in gathered.indices { gathered[number].add(to: &table, log) }
            table.look(in: directory.number)
            found.reserveCapacity(steps)
            for rows in gathered { found += rows.answers(table, log) }
        }
        return table
    }

    /// From here on steps may have started, and each question looks anew.
    mutating func end() {
        found = []
        isOver = true
    }

    /// What of a step is as its last success left it.
    func answer(of step: Int, _ known: StepStateLog) -> Answer {
        if !found.isEmpty { return found[step] }
        guard let directory else { return Answer() }
        var rows = rows(of: step..<(step + 1), known)
        var table = FileTable()
        return known.withBytes { log in
            rows.add(to: &table, log)
            table.look(in: directory.number)
            return rows.answers(table, log).first ?? Answer()
        }
    }

    /// What a step says of its files now.
    func declaration(of step: Int) -> Declaration {
        var buffer: [UInt8] = []
        return declaration(of: step, plan.resolved.workflow.steps[step], &buffer)
    }

    private func declaration(
        of index: Int, _ step: Step, _ buffer: inout [UInt8]
    ) -> Declaration {
        buffer.removeAll(keepingCapacity: true)
        for pattern in step.outputFiles { buffer.append(line: pattern.text) }
        buffer.append(line: "")
        for pattern in step.modifies { buffer.append(line: pattern.text) }
        let outputs = buffer.withUnsafeBytes { RecordChecksum.of($0) }
        buffer.removeAll(keepingCapacity: true)
        ingredients.appendDeclared(of: index, answers: answers, to: &buffer)
        let digest = Digest(of: buffer)
        for pattern in step.inputs { buffer.append(line: pattern.text) }
        buffer += surroundings
        let inputs = buffer.withUnsafeBytes { RecordChecksum.of($0) }
        return Declaration(digest: digest, inputs: inputs, outputs: outputs)
    }

    private func rows(of steps: Range<Int>, _ known: StepStateLog) -> FileRows {
        var rows = FileRows()
        var buffer: [UInt8] = []
        known.withBytes { log in
            plan.resolved.workflow.steps.withUnsafeBufferPointer { all in
                for index in steps {
                    rows.beginStep()
                    guard plan.selected[index], all[index].modifies.isEmpty,
                        let success = known.success(of: all[index].id.rawValue)
                    else { continue }
                    rows.add(
                        log, success, declaration(of: index, all[index], &buffer),
                        declaresOutputs: all[index].declaresOutputs)
                }
            }
        }
        return rows
    }
}

extension [UInt8] {
    fileprivate mutating func append(line: String) {
        append(contentsOf: line.utf8)
        // No path has it.
        append(0)
    }
}

/// The files that the records of some steps name, each beside where its stamp is in the record.
private struct FileRows: Sendable {
    private var rows: [Row] = []
    private var steps: [Entry] = []

    private struct Row: Sendable {
        /// Where its path and its stamp are in the log.
        var path: Range<Int>
        var stamp: Int
        var isInput: Bool
        /// Whether it is none of the step's files, but where it looked for them.
        var isPlace: Bool
        /// In the table.
        var row: Int32 = -1
    }

    private struct Entry: Sendable {
        /// Where its rows begin.
        var start: Int
        /// As far as it can be said without the files.
        var answer = FileCheck.Answer()
    }

    var count: Int { rows.count }

    mutating func beginStep() { steps.append(Entry(start: rows.count)) }

    /// Adds the files of the record of a success; none of a record that stamps cannot stand for.
    mutating func add(
        _ log: UnsafeRawBufferPointer, _ success: Range<Int>,
        _ declared: FileCheck.Declaration, declaresOutputs: Bool
    ) {
        var reader = RecordReader(
            UnsafeRawBufferPointer(rebasing: log[..<success.upperBound]), from: success.lowerBound)
        guard let last = steps.indices.last, let head = try? reader.successHead(),
            head.declaresOutputs == declaresOutputs
        else { return }
        let start = rows.count
        guard let inputs = addFiles(&reader, isInput: true),
            let outputs = addFiles(&reader, isInput: false),
            (try? reader.skipRest()) != nil, let walk = try? reader.walkHead(),
            let inputPlaces = addFiles(&reader, isInput: true, isPlace: true),
            let outputPlaces = addFiles(&reader, isInput: false, isPlace: true)
        else {
            rows.removeSubrange(start...)
            return
        }
        steps[last].answer = FileCheck.Answer(
            inputs: inputs && inputPlaces && head.declaredDigest == declared.digest
                && walk.inputs == declared.inputs,
            outputs: outputs && outputPlaces && walk.outputs == declared.outputs,
            hasResult: head.result != nil)
    }

    /// Adds a list of files.
    ///
    /// - Returns: Whether stamps can stand for all of them; nil where there is no list.
    private mutating func addFiles(
        _ reader: inout RecordReader, isInput: Bool, isPlace: Bool = false
    ) -> Bool? {
        guard let count = try? reader.count(ofSize: RecordReader.leastFileSize) else {
            return nil
        }
        var isPlain = true
        for _ in 0..<count {
            let start = reader.place + 4
            guard (try? reader.blob()) != nil else { return nil }
            let place = reader.place
            guard let old = try? reader.stamp(), (try? reader.raw(32)) != nil else { return nil }
            isPlain = isPlain && old.isEnough(forPlace: isPlace)
            rows.append(
                Row(path: start..<place, stamp: place, isInput: isInput, isPlace: isPlace))
        }
        return isPlain
    }

    /// Adds all files to a table.
    mutating func add(to table: inout FileTable, _ log: UnsafeRawBufferPointer) {
        for place in rows.indices {
            let path = UnsafeRawBufferPointer(rebasing: log[rows[place].path])
            rows[place].row = Int32(truncatingIfNeeded: table.add(path))
        }
    }

    /// Compares what the files are with what is recorded of them.
    func answers(_ table: FileTable, _ log: UnsafeRawBufferPointer) -> [FileCheck.Answer] {
        steps.indices.map { number in
            var answer = steps[number].answer
            let end = number + 1 < steps.count ? steps[number + 1].start : rows.count
            for row in rows[steps[number].start..<end] where answer.inputs || answer.outputs {
                var reader = RecordReader(log, from: row.stamp)
                let now = table[Int(row.row)]
                if let old = try? reader.stamp(), old.isStill(now, forPlace: row.isPlace) {
                    continue
                }
                if row.isInput { answer.inputs = false } else { answer.outputs = false }
            }
            return answer
        }
    }
}

extension RecordedStamp {
    /// Whether it stands for what was there: for a place, for the names in a directory, or for nothing.
    fileprivate func isEnough(forPlace isPlace: Bool) -> Bool {
        switch facts.kind {
        case .file: facts.isOldEnough(at: observedAt)
        case .directory: !isPlace || facts.isOldEnough(at: observedAt)
        case .unreadable: isPlace
        case .link, .fifo, .socket, .device: false
        }
    }

    fileprivate func isStill(_ now: FileStamp, forPlace isPlace: Bool) -> Bool {
        switch facts.kind {
        case .directory where !isPlace: now.kind == .directory
        case .unreadable: now.isAbsent
        default: now == facts
        }
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

    deinit { LibC.close(number) }
}
