public import Execution
import Platform
package import WorkflowModel

/// What the steps of a run were made from, to be compared with other runs: a record a start.
///
/// `.stepvisor/runs/<id>/ingredients` only grows; a record that a death cut off at the end is none.
/// Texts of the workflow are masked, and files are there by their digests.
///
/// ```
/// file    "stepvisor ingredients 2\n" record…
/// record  a ``RecordFrame`` of: id  contents
/// ```
package struct RunFingerprints {
    package static let name = "ingredients"
    private static let firstLine = "stepvisor ingredients 2\n"
    private static let forms: [(firstLine: String, form: RecordFrame.Form)] = [
        (firstLine, .marked), ("stepvisor ingredients 1\n", .plain),
    ]

    /// What is not written yet: a write, and a descriptor that every launch has to close in the child,
    /// would cost a short step more than what it is made from is worth.
    private var pending: [UInt8] = []
    private var hasBegun = false
    private var hasFailed = false

    /// With all that it holds.
    package init() {
    }
    private static let maxPending = 1 << 16

    /// Keeps what a step is made from; without a word where that cannot be written, since nothing
    /// but an explanation depends on it.
    package mutating func keep(_ contents: Fingerprint, of step: String, in directory: RunDirectory)
    {
        guard !hasFailed else { return }
        if !hasBegun { pending = Array(RunFingerprints.firstLine.utf8) }
        hasBegun = true
        pending += RunFingerprints.record(contents, of: step)
        if pending.count >= RunFingerprints.maxPending { write(to: directory) }
    }

    /// Writes what is kept so far.
    package mutating func write(to directory: RunDirectory) {
        guard !pending.isEmpty, !hasFailed else { return }
        do {
            let file = try PrivateFile.open(
                RunFingerprints.name, in: directory.descriptor,
                flags: O_WRONLY | O_APPEND | O_CREAT, shown: RunFingerprints.name)
            try FileBytes.write(pending, to: file.number, subject: RunFingerprints.name)
            pending.removeAll(keepingCapacity: true)
        } catch {
            hasFailed = true
        }
    }

    package static func record(_ contents: Fingerprint, of step: String) -> [UInt8] {
        RecordFrame.record { writer in
            writer.text(step)
            writer.contents(contents)
        }
    }

    /// What a step was made from when it was started last; nil where that was not kept.
    package static func contents(of step: String, in bytes: [UInt8]) -> Fingerprint? {
        var found: Fingerprint?
        RecordFrame.forEach(in: bytes, forms) { reader throws(DamagedBytes) in
            if try reader.text() == step { found = try? reader.contents() }
        }
        return found
    }
}

extension StoredRun {
    /// What a step of the run was made from; nil where that was not kept.
    public func contents(of step: String) -> Fingerprint? {
        guard let bytes = try? read(RunFingerprints.name) else { return nil }
        return RunFingerprints.contents(of: step, in: bytes)
    }

    /// Whether the run has kept what any step was made from.
    public var hasContents: Bool { (try? read(RunFingerprints.name))?.isEmpty == false }
}

extension RecordWriter {
    /// What a step is made from.
    package mutating func contents(_ contents: Fingerprint) {
        digest(contents.declaredDigest)
        parts(contents.declared)
        count(contents.files.count)
        for file in contents.files {
            blob(file.path)
            number(file.kind)
            digest(file.digest)
        }
        products(contents.products)
    }
}

extension RecordReader {
    /// Reads what ``RecordWriter/contents(_:)`` wrote.
    package mutating func contents() throws(DamagedBytes) -> Fingerprint {
        let declaredDigest = try digest()
        let declared = try parts()
        let files = try list(ofSize: 37) { reader throws(DamagedBytes) in
            FileContent(
                path: Array(try reader.blob()), kind: try reader.number(),
                digest: try reader.digest())
        }
        return Fingerprint(
            declared: declared, declaredDigest: declaredDigest, files: files,
            products: try products())
    }
}
