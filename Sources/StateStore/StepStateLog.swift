package import Execution
package import Platform
import SystemCalls
import WorkflowModel

/// What is known of the steps of a workflow from earlier runs: `.stepvisor/known/<workflow>/steps`.
///
/// A file of records that only grows: each is written in one go, and the last one of a step counts. A
/// record that a death cut off at the end is no record; any other damage makes nothing known, since
/// what is missing might be that a step was started. It is rewritten whole, under a temporary name,
/// where most of it is out of date.
///
/// ```
/// file    "stepvisor known 1\n" record…
/// record  a ``RecordFrame`` of: kind (1)  id  …
/// ```
package struct StepStateLog {
    package static let folder = "known"
    package static let name = "steps"
    private static let firstLine = Array("stepvisor known 1\n".utf8)
    /// A larger file was not written by this program.
    private static let maxBytes = 1 << 31

    private enum Kind: UInt8 {
        case started = 1
        case done, moved, forgotten, unknownInputs, conditionFalse
        /// A success of a step that did not say what it reads.
        case undeclared
    }

    /// Where the last record of a step is, without its head.
    private struct Entry {
        var kind: Kind
        var range: Range<Int>
        /// The last success, though the step may have been started since: its files are known.
        var success: Range<Int>?
    }

    package let key: String
    /// The file as it was read.
    private var bytes: [UInt8] = []
    /// Records that were added since; their places go on where ``bytes`` ends, which are many and stay
    /// where they are.
    private var added: [UInt8] = []
    private var entries: [String: Entry] = [:]
    /// Where it says of steps what their condition came out false by, when it last did.
    private var held: [String: Range<Int>] = [:]
    /// Bytes of the file that are whole records; what follows is cut off before anything is added.
    private var wholeBytes = 0
    /// Whether there is a file: without one, nobody knows what may have been.
    package private(set) var isThere = false
    /// Whether there is a file, and it cannot be relied on.
    package private(set) var isDamaged = false
    /// What is in the place of the file or of a directory above it, and is left as it is.
    package private(set) var obstacle: SystemError?
    private var file: Int32 = -1

    /// Nothing known, of the workflow whose file or directory has this name.
    package init(workflow: String) { key = StepStateLog.key(of: workflow) }

    /// What is known in a project; nothing where nothing can be read.
    package init(workflow: String, in state: StateDirectory) {
        self.init(workflow: workflow)
        guard
            let file = PrivateFile.reading(
                [StepStateLog.folder, key, StepStateLog.name], in: state.descriptor)
        else {
            guard errno != ENOENT else { return }
            isDamaged = true
            obstacle = findObstacle(in: state)
            return
        }
        guard let size = file.size, size > 0 else { return }
        isThere = true
        guard size < StepStateLog.maxBytes else {
            isDamaged = true
            return
        }
        bytes = FileBytes.read(file.number, offset: 0, limit: Int(size))
        index()
    }

    // MARK: - Reading

    /// What is known of a step.
    package subscript(step: String) -> StepHistory {
        guard let entry = entries[step] else { return isThere ? .none : .unknown }
        return read(entry.range) { reader in
            switch entry.kind {
            case .started: return .started(run: (try? reader.text()) ?? "")
            case .moved: return .moved(run: (try? reader.text()) ?? "", reader.moved())
            case .unknownInputs:
                let run = (try? reader.text()) ?? ""
                var needs: [String] = []
                while let need = try? reader.text() { needs.append(need) }
                return .unknownInputs(run: run, needs: needs)
            // Kept apart from what is known of a success.
            case .conditionFalse: return .none
            case .forgotten: return .forgotten
            case .undeclared: return .undeclared
            case .done: return (try? reader.success()).map { .done($0) } ?? .none
            }
        }
    }

    private func read<Result>(
        _ range: Range<Int>, _ body: (inout RecordReader) -> Result
    ) -> Result { RecordReader.read(slice(range), body) }

    private func slice(_ range: Range<Int>) -> ArraySlice<UInt8> {
        guard range.lowerBound >= bytes.count else { return bytes[range] }
        return added[(range.lowerBound - bytes.count)..<(range.upperBound - bytes.count)]
    }

    /// Where in the file a step's success is that counts; nil where none does, or it is newer than what
    /// was read.
    package func success(of step: String) -> Range<Int>? {
        guard let entry = entries[step], entry.kind == .done, entry.range.upperBound <= bytes.count
        else { return nil }
        return entry.range
    }

    /// Calls with the file as it was read, to which ``success(of:)`` refers.
    package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes(body)
    }

    /// The last success of a step, though it may not count any more; what its files were is known from it.
    package func lastSuccess(of step: String) -> LastSuccess? {
        entries[step]?.success.flatMap { read($0) { try? $0.success() } }
    }

    /// Whether a step wrote something to `STEPVISOR_OUTPUT` at its last success.
    package func lastSuccessHasResult(of step: String) -> Bool {
        entries[step]?.success.map {
            read($0) { (try? $0.successHead())?.result != nil }
        } ?? false
    }

    private mutating func index() {
        guard bytes.starts(with: StepStateLog.firstLine) else {
            isDamaged = bytes.count >= StepStateLog.firstLine.count
            bytes = []
            return
        }
        var place = StepStateLog.firstLine.count
        while place < bytes.count {
            guard let end = take(at: place) else {
                finish(at: place)
                return
            }
            place = end
        }
        wholeBytes = place
    }

    /// Takes one record; nil where there is no whole one.
    private mutating func take(at place: Int) -> Int? {
        let found = bytes.withUnsafeBytes { buffer -> (Kind, String, Range<Int>)? in
            guard let body = RecordFrame.body(in: buffer, at: place) else { return nil }
            var reader = RecordReader(buffer, from: body.lowerBound)
            guard let kind = try? reader.kind(Kind.self), let id = try? reader.text(),
                reader.place <= body.upperBound
            else { return nil }
            return (kind, id, reader.place..<body.upperBound)
        }
        guard let (kind, id, range) = found else { return nil }
        note(kind, of: id, in: range)
        return range.upperBound
    }

    private mutating func note(_ kind: Kind, of step: String, in range: Range<Int>) {
        guard kind != .conditionFalse else {
            held[step] = range
            return
        }
        held[step] = nil
        let success = kind == .done ? range : entries[step]?.success
        entries[step] = Entry(kind: kind, range: range, success: success)
    }

    /// No whole record begins here: the rest was cut off by a death, or all of it is in doubt.
    private mutating func finish(at place: Int) {
        guard bytes.withUnsafeBytes({ RecordFrame.isCutOff(in: $0, at: place) }) else {
            isDamaged = true
            (entries, held) = ([:], [:])
            wholeBytes = 0
            bytes = []
            return
        }
        wholeBytes = place
        bytes.removeSubrange(place...)
    }

    // MARK: - Writing

    /// Notes that a step is about to be started: whatever was known of it does not hold any more.
    package mutating func noteStart(of step: String, run: String, in state: StateDirectory)
        throws(SystemError)
    {
        try append(.started, of: step, in: state) { $0.text(run) }
    }

    /// Notes a success of which nothing is kept, since what the step reads changed meanwhile.
    package mutating func noteMove(
        of step: String, run: String, _ cause: RunReason, in state: StateDirectory
    ) throws(SystemError) {
        try append(.moved, of: step, in: state) { writer in
            writer.text(run)
            writer.moved(cause)
        }
    }

    /// Notes a success.
    package mutating func remember(
        _ memory: LastSuccess, of step: String, in state: StateDirectory
    ) throws(SystemError) {
        try append(.done, of: step, in: state) { $0.success(memory) }
    }

    /// Notes a success of which it is not known what it was made from.
    package mutating func noteUnfounded(
        of step: String, run: String, needs: [String], in state: StateDirectory
    ) throws(SystemError) {
        try append(.unknownInputs, of: step, in: state) { writer in
            writer.text(run)
            for need in needs { writer.text(need) }
        }
    }

    /// Notes, once, that a step succeeded which does not say what it reads.
    package mutating func noteUndeclared(of step: String, in state: StateDirectory)
        throws(SystemError)
    {
        guard entries[step] == nil, obstacle == nil, !isDamaged else { return }
        try append(.undeclared, of: step, in: state) { _ in }
    }

    /// What the condition of a step came out false by, if it did when the step's turn came last.
    package func conditionFalse(_ step: String) -> Digest? {
        held[step].flatMap { read($0) { try? $0.digest() } }
    }

    /// Notes that the condition of a step came out false, and by what.
    package mutating func noteHeldBack(
        _ step: String, by facts: Digest, in state: StateDirectory
    ) throws(SystemError) {
        try append(.conditionFalse, of: step, in: state) { $0.digest(facts) }
    }

    /// Forgets a step's success.
    package mutating func forget(_ step: String, in state: StateDirectory) throws(SystemError) {
        try append(.forgotten, of: step, in: state) { _ in }
    }

    private mutating func append(
        _ kind: Kind, of step: String, in state: StateDirectory,
        _ body: (inout RecordWriter) -> Void
    ) throws(SystemError) {
        if file < 0 { try openForWriting(in: state) }
        let record = StepStateLog.record(kind, of: step, body)
        try FileBytes.write(record, to: file, subject: shown)
        let start = bytes.count + added.count
        added += record
        let id = RecordFrame.headSize + 1 + 4 + step.utf8.count
        note(kind, of: step, in: (start + id)..<(start + record.count))
    }

    private static func record(
        _ kind: Kind, of step: String, _ body: (inout RecordWriter) -> Void
    ) -> [UInt8] {
        RecordFrame.record { writer in
            writer.kind(kind)
            writer.text(step)
            body(&writer)
        }
    }

    /// Whether anything is known of what a step was made from, or should be.
    package func knows(_ step: String) -> Bool {
        isDamaged || entries[step].map { $0.kind != .undeclared } ?? false
    }

    /// The success of a step that counts; nil where none does.
    package func memory(of step: String) -> LastSuccess? {
        if case .done(let memory) = self[step] { memory } else { nil }
    }

    private var shown: String {
        "\(StateDirectory.name)/\(StepStateLog.folder)/\(key)/\(StepStateLog.name)"
    }

    /// Opens the file, without what does not count any more.
    private mutating func openForWriting(in state: StateDirectory) throws(SystemError) {
        if let obstacle { throw obstacle }
        let folder = try directory(in: state)
        if wholeBytes == 0 || isWasteful {
            try rewrite(in: folder.number)
        }
        let opened = try PrivateFile.open(
            StepStateLog.name, in: folder.number, flags: O_WRONLY | O_APPEND, shown: shown)
        guard ftruncate(opened.number, off_t(wholeBytes)) == 0 else {
            throw SystemError("write", shown)
        }
        file = opened.release()
    }

    package func directory(in state: StateDirectory) throws(SystemError) -> Descriptor {
        let parent = try PrivateFile.directory(
            StepStateLog.folder, in: state.descriptor,
            shown: "\(StateDirectory.name)/\(StepStateLog.folder)", create: true)
        return try PrivateFile.directory(
            key, in: parent.number,
            shown: "\(StateDirectory.name)/\(StepStateLog.folder)/\(key)", create: true)
    }

    /// Whether more than half of a file that is not small does not count any more.
    private var isWasteful: Bool {
        guard bytes.count > 1 << 16 else { return false }
        let live = entries.values.reduce(0) { sum, entry in
            let success = entry.success.map { $0 == entry.range ? 0 : $0.count } ?? 0
            return sum + entry.range.count + success + RecordFrame.headSize * 2
        }
        return live + held.count * (RecordFrame.headSize * 4) < bytes.count / 2
    }

    /// Writes what counts under a temporary name, and puts that in the place of the file.
    private mutating func rewrite(in folder: Int32) throws(SystemError) {
        var whole = StepStateLog.firstLine
        for (step, entry) in entries.sorted(by: { $0.key < $1.key }) {
            if let success = entry.success, success != entry.range {
                whole += StepStateLog.record(.done, of: step) { $0.raw(slice(success)) }
            }
            whole += StepStateLog.record(entry.kind, of: step) { $0.raw(slice(entry.range)) }
        }
        for (step, range) in held.sorted(by: { $0.key < $1.key }) {
            whole += StepStateLog.record(.conditionFalse, of: step) { $0.raw(slice(range)) }
        }
        try PrivateFile.replace(
            StepStateLog.name, with: whole, in: folder, temporary: "\(StepStateLog.name).tmp",
            shown: shown)
        (bytes, added) = (whole, [])
        (entries, held) = ([:], [:])
        isDamaged = false
        index()
    }

    /// Closes the file.
    package mutating func close() {
        if file >= 0 { LibC.close(file) }
        file = -1
    }
}
