public import Execution

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What the steps of a run were made from, to be compared with other runs: a record a start.
///
/// `.stepvisor/runs/<id>/ingredients` only grows; a record that a death cut off at the end is none.
/// Texts of the workflow are masked, and files are there by their digests.
///
/// ```
/// file    "stepvisor ingredients 1\n" record…
/// record  length of the rest (4)  id  contents
/// ```
struct RunFingerprints {
    static let name = "ingredients"
    private static let firstLine = Array("stepvisor ingredients 1\n".utf8)

    /// What is not written yet: a write, and a descriptor that every launch has to close in the child,
    /// would cost a short step more than what it is made from is worth.
    private var pending: [UInt8] = []
    private var hasBegun = false
    private var hasFailed = false
    private static let maxPending = 1 << 16

    /// Keeps what a step is made from; without a word where that cannot be written, since nothing
    /// but an explanation depends on it.
    mutating func keep(_ contents: Fingerprint, of step: String, in directory: RunDirectory) {
        guard !hasFailed else { return }
        if !hasBegun { pending = RunFingerprints.firstLine }
        hasBegun = true
        pending += RunFingerprints.record(contents, of: step)
        if pending.count >= RunFingerprints.maxPending { write(to: directory) }
    }

    /// Writes what is kept so far.
    mutating func write(to directory: RunDirectory) {
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

    static func record(_ contents: Fingerprint, of step: String) -> [UInt8] {
        var body = StepStateWriter()
        body.text(step)
        body.contents(contents)
        var head = StepStateWriter()
        head.number(UInt32(truncatingIfNeeded: body.bytes.count))
        return head.bytes + body.bytes
    }

    /// What a step was made from when it was started last; nil where that was not kept.
    static func contents(of step: String, in bytes: [UInt8]) -> Fingerprint? {
        guard bytes.starts(with: firstLine) else { return nil }
        var place = firstLine.count
        var found: Fingerprint?
        while true {
            var head = StepStateReader(bytes[place...])
            guard let length = head.number(UInt32.self), Int(length) <= bytes.count - place - 4
            else { return found }
            let body = (place + 4)..<(place + 4 + Int(length))
            var reader = StepStateReader(bytes[body])
            if reader.text() == step { found = reader.contents() }
            place = body.upperBound
        }
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

extension StepStateWriter {
    /// What a step is made from.
    mutating func contents(_ contents: Fingerprint) {
        digest(contents.declaredDigest)
        number(UInt32(truncatingIfNeeded: contents.declared.count))
        for ingredient in contents.declared {
            text(ingredient.name)
            text(ingredient.value)
        }
        number(UInt32(truncatingIfNeeded: contents.files.count))
        for file in contents.files {
            bytes(file.path)
            number(file.kind)
            digest(file.digest)
        }
        number(UInt32(truncatingIfNeeded: contents.products.count))
        for product in contents.products {
            text(product.step)
            digest(product.digest)
        }
    }
}

extension StepStateReader {
    /// Reads what ``StepStateWriter/contents(_:)`` wrote.
    mutating func contents() -> Fingerprint? {
        guard let declaredDigest = digest(), let declaredCount = count(ofSize: 8) else {
            return nil
        }
        var contents = Fingerprint(
            declared: [], declaredDigest: declaredDigest, files: [], products: [])
        for _ in 0..<declaredCount {
            guard let name = text(), let value = text() else { return nil }
            contents.declared.append(FingerprintPart(name, value))
        }
        guard let fileCount = count(ofSize: 37) else { return nil }
        for _ in 0..<fileCount {
            guard let path = blob(), let kind = number(UInt8.self), let digest = digest() else {
                return nil
            }
            contents.files.append(FileContent(path: path, kind: kind, digest: digest))
        }
        guard let productCount = count(ofSize: 36) else { return nil }
        for _ in 0..<productCount {
            guard let step = text(), let digest = digest() else { return nil }
            contents.products.append(OutputDigest(step: step, digest: digest))
        }
        return contents
    }
}
