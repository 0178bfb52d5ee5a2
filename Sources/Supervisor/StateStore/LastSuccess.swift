import Execution

/// What is known of a step's last success.
struct LastSuccess: Hashable, Sendable {
    /// The run in which it succeeded.
    var run: String
    /// What it was made from.
    var contents: Fingerprint
    /// Of ``contents``.
    var fingerprint: Digest
    /// The files of ``contents`` with how they looked, in the same order.
    var inputs: [FileRecord]
    /// What it left behind, sorted by path.
    var outputs: [FileRecord]
    /// Whether it declares outputs.
    var declaresOutputs: Bool
    /// Of what it wrote to `STEPVISOR_OUTPUT`; nil for nothing.
    var result: Digest?

    /// What it has produced.
    var product: Digest {
        OutputDigest.digest(
            outputs: declaresOutputs ? outputs.map(\.content) : nil, fingerprint: fingerprint,
            result: result)
    }
}

/// Where a step stands, as far as is known.
enum StepHistory: Hashable, Sendable {
    /// It has never succeeded, as far as there is a memory.
    case none
    /// Nothing is known, since nothing was kept or all of it is gone.
    case unknown
    /// It succeeded, and did not say what it reads.
    case undeclared
    /// It was started in this run, and did not end well since.
    case started(run: String)
    /// It ended well in this run, and its inputs changed meanwhile.
    case moved(run: String, RunReason)
    /// It ended well in this run, and what it was made from is not known: these steps that it needs
    /// had produced nothing that is known, or, with none, files could not be read.
    case unknownInputs(run: String, needs: [String])
    /// Somebody asked to forget it.
    case forgotten
    /// It ended well.
    case done(LastSuccess)

    /// Why a step has to run whatever it is made from; empty for one that ended well.
    var causes: [RunReason] {
        switch self {
        case .none: [RunReason(.neverSucceeded)]
        case .unknown: [RunReason(.successUnknown)]
        case .undeclared: [RunReason(.inputsUndeclared)]
        case .started: [RunReason(.interrupted)]
        case .moved(_, let cause): [cause]
        case .unknownInputs(_, let needs):
            [
                needs.isEmpty
                    ? RunReason(.basisUnknown)
                    : RunReason(.dependencyUnknown, needs.map { .init($0) })
            ]
        case .forgotten: [RunReason(.forgotten)]
        case .done: []
        }
    }

    /// What a step without declared outputs has produced where its condition is false.
    var productWhenHeldBack: Digest {
        switch self {
        case .done(let memory): memory.product
        case .started(let run), .moved(let run, _), .unknownInputs(let run, _):
            OutputDigest.nothing(startedIn: run)
        case .none, .unknown, .undeclared, .forgotten: OutputDigest.nothing(startedIn: nil)
        }
    }
}

/// Puts values into bytes, numbers as this machine has them: the file stays on it.
struct StepStateWriter {
    private(set) var bytes: [UInt8] = []

    mutating func number<Number: FixedWidthInteger>(_ value: Number) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ value: ArraySlice<UInt8>) { bytes.append(contentsOf: value) }

    mutating func bytes(_ value: [UInt8]) {
        number(UInt32(truncatingIfNeeded: value.count))
        bytes.append(contentsOf: value)
    }

    mutating func text(_ value: String) {
        number(UInt32(truncatingIfNeeded: value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    mutating func digest(_ value: Digest) {
        number(value.words.0)
        number(value.words.1)
        number(value.words.2)
        number(value.words.3)
    }

    mutating func files(_ files: [FileRecord]) {
        number(UInt32(truncatingIfNeeded: files.count))
        for file in files {
            bytes(file.path)
            number(file.facts.kind.rawValue)
            number(UInt8(file.facts.isExecutable ? 1 : 0))
            number(file.facts.size)
            number(file.facts.modifiedAt)
            number(file.facts.changedAt)
            number(file.facts.inode)
            number(file.observedAt)
            digest(file.digest)
        }
    }

    mutating func moved(_ cause: RunReason) {
        number(UInt32(truncatingIfNeeded: cause.omitted))
        for detail in cause.details {
            text(detail.subject)
            text(detail.change ?? "")
        }
    }

    mutating func memory(_ memory: LastSuccess) {
        text(memory.run)
        digest(memory.fingerprint)
        digest(memory.contents.declaredDigest)
        number(UInt8(memory.declaresOutputs ? 1 : 0))
        number(UInt8(memory.result == nil ? 0 : 1))
        digest(memory.result ?? .zero)
        files(memory.inputs)
        files(memory.outputs)
        number(UInt32(truncatingIfNeeded: memory.contents.products.count))
        for product in memory.contents.products {
            text(product.step)
            digest(product.digest)
        }
        number(UInt32(truncatingIfNeeded: memory.contents.declared.count))
        for ingredient in memory.contents.declared {
            text(ingredient.name)
            text(ingredient.value)
        }
    }
}

/// Reads what ``StepStateWriter`` wrote; everything is nil once something does not fit.
struct StepStateReader {
    private let bytes: ArraySlice<UInt8>
    private var place: Int

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        place = bytes.startIndex
    }

    var isAtEnd: Bool { place == bytes.endIndex }

    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
        let size = MemoryLayout<Number>.size
        guard bytes.endIndex - place >= size else { return nil }
        defer { place += size }
        let offset = place
        return bytes.withUnsafeBytes { buffer in
            Number(
                littleEndian: buffer.loadUnaligned(
                    fromByteOffset: offset - bytes.startIndex, as: Number.self))
        }
    }

    mutating func blob() -> [UInt8]? {
        guard let count = number(UInt32.self), bytes.endIndex - place >= Int(count) else {
            return nil
        }
        defer { place += Int(count) }
        return Array(bytes[place..<(place + Int(count))])
    }

    mutating func text() -> String? { blob().map { String(decoding: $0, as: UTF8.self) } }

    /// All texts that follow.
    mutating func texts() -> [String] {
        var texts: [String] = []
        while !isAtEnd, let text = text() { texts.append(text) }
        return texts
    }

    /// What ``StepStateWriter/moved(_:)`` wrote; nothing of it is in records of earlier versions.
    mutating func moved() -> RunReason {
        let omitted = number(UInt32.self) ?? 0
        var details: [RunReason.Detail] = []
        while !isAtEnd, let subject = text(), let change = text() {
            details.append(.init(subject, change: change.isEmpty ? nil : change))
        }
        return RunReason(.inputsMoved, details, omitted: Int(omitted))
    }

    mutating func digest() -> Digest? {
        guard let a = number(UInt64.self), let b = number(UInt64.self),
            let c = number(UInt64.self), let d = number(UInt64.self)
        else { return nil }
        return Digest((a, b, c, d))
    }

    /// How many parts follow, each of so many bytes at least: a wrong number asks for no memory.
    mutating func count(ofSize size: Int) -> Int? {
        guard let count = number(UInt32.self), Int(count) <= (bytes.endIndex - place) / size else {
            return nil
        }
        return Int(count)
    }

    mutating func files() -> [FileRecord]? {
        guard let count = count(ofSize: 70) else { return nil }
        var files: [FileRecord] = []
        files.reserveCapacity(count)
        for _ in 0..<count {
            guard let file = file() else { return nil }
            files.append(file)
        }
        return files
    }

    private mutating func file() -> FileRecord? {
        guard let path = blob(), let rawKind = number(UInt8.self),
            let kind = FileStamp.Kind(rawValue: rawKind), let executable = number(UInt8.self),
            let size = number(Int64.self), let modifiedAt = number(Int64.self),
            let changedAt = number(Int64.self), let inode = number(UInt64.self),
            let observedAt = number(Int64.self), let digest = digest()
        else { return nil }
        let facts = FileStamp(
            kind: kind, isExecutable: executable == 1, size: size, modifiedAt: modifiedAt,
            changedAt: changedAt, inode: inode)
        return FileRecord(path: path, facts: facts, digest: digest, observedAt: observedAt)
    }

    /// Whether the step of this memory wrote a result, without reading the rest.
    mutating func hasResult() -> Bool {
        guard text() != nil, digest() != nil, digest() != nil, number(UInt8.self) != nil else {
            return false
        }
        return number(UInt8.self) == 1
    }

    mutating func memory() -> LastSuccess? {
        guard let run = text(), let fingerprint = digest(), let declaredDigest = digest(),
            let declaresOutputs = number(UInt8.self), let hasResult = number(UInt8.self),
            let result = digest(), let inputs = files(), let outputs = files(),
            let productCount = count(ofSize: 36)
        else { return nil }
        var products: [OutputDigest] = []
        for _ in 0..<productCount {
            guard let step = text(), let digest = digest() else { return nil }
            products.append(OutputDigest(step: step, digest: digest))
        }
        guard let ingredientCount = count(ofSize: 8) else { return nil }
        var declared: [FingerprintPart] = []
        declared.reserveCapacity(ingredientCount)
        for _ in 0..<ingredientCount {
            guard let name = text(), let value = text() else { return nil }
            declared.append(FingerprintPart(name, value))
        }
        return LastSuccess(
            run: run,
            contents: Fingerprint(
                declared: declared, declaredDigest: declaredDigest, files: inputs.map(\.content),
                products: products),
            fingerprint: fingerprint, inputs: inputs, outputs: outputs,
            declaresOutputs: declaresOutputs == 1, result: hasResult == 1 ? result : nil)
    }
}
