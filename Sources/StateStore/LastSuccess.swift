package import Execution
package import FileState
package import Platform
package import WorkflowModel

/// What is known of a step's last success.
package struct LastSuccess: Hashable, Sendable {
    /// The run in which it succeeded.
    package var run: String
    /// What it was made from.
    package var contents: Fingerprint
    /// Of ``contents``.
    package var fingerprint: Digest
    /// The files of ``contents`` with how they looked, in the same order.
    package var inputs: [FileRecord]
    /// What it left behind, sorted by path.
    package var outputs: [FileRecord]
    /// Whether it declares outputs.
    package var declaresOutputs: Bool
    /// Of what it wrote to `STEPVISOR_OUTPUT`; nil for nothing.
    package var result: Digest?
    /// Where its files were looked for; nil in what earlier versions kept.
    package var walk: FileWalk?

    /// With all that it holds.
    package init(
        run: String, contents: Fingerprint, fingerprint: Digest, inputs: [FileRecord],
        outputs: [FileRecord], declaresOutputs: Bool, result: Digest? = nil, walk: FileWalk? = nil
    ) {
        self.run = run
        self.contents = contents
        self.fingerprint = fingerprint
        self.inputs = inputs
        self.outputs = outputs
        self.declaresOutputs = declaresOutputs
        self.result = result
        self.walk = walk
    }

    /// What it has produced.
    package var product: Digest {
        OutputDigest.digest(
            outputs: declaresOutputs ? outputs.map(\.content) : nil, fingerprint: fingerprint,
            result: result)
    }
}

/// Where a step's files were looked for: together with the files themselves, all that has to be as it was
/// for its patterns to mean the same files.
package struct FileWalk: Hashable, Sendable {
    /// Of all that says which files are meant; see ``FileCheck/Declaration``.
    package var inputs: UInt64
    package var outputs: UInt64
    /// Directories that were listed, and paths where nothing was (unreadable).
    package var inputPlaces: [FileRecord]
    package var outputPlaces: [FileRecord]

    /// With more, the step is a candidate in every run, which takes less than comparing them.
    static let maxPlaces = 1000

    package init(
        inputs: UInt64, outputs: UInt64, inputPlaces: [FileRecord], outputPlaces: [FileRecord]
    ) {
        self.inputs = inputs
        self.outputs = outputs
        self.inputPlaces = FileWalk.limited(inputPlaces)
        self.outputPlaces = FileWalk.limited(outputPlaces)
    }

    private static func limited(_ places: [FileRecord]) -> [FileRecord] {
        guard places.count > maxPlaces else { return places }
        // No stamp stands for a device.
        let facts = FileStamp(
            kind: .device, isExecutable: false, size: 0, modifiedAt: 0, changedAt: 0, inode: 0)
        return [FileRecord(path: [UInt8(ascii: ".")], facts: facts, digest: .zero, observedAt: 0)]
    }
}

/// How a file looked, and when, in nanoseconds since 1970.
package struct RecordedStamp {
    package var facts: FileStamp
    package var observedAt: Int64
}

/// Where a step stands, as far as is known.
package enum StepHistory: Hashable, Sendable {
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
    package var causes: [RunReason] {
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
    package var productWhenHeldBack: Digest {
        switch self {
        case .done(let memory): memory.product
        case .started(let run), .moved(let run, _), .unknownInputs(let run, _):
            OutputDigest.nothing(startedIn: run)
        case .none, .unknown, .undeclared, .forgotten: OutputDigest.nothing(startedIn: nil)
        }
    }
}

// MARK: - As records

extension RecordWriter {
    package mutating func files(_ files: [FileRecord]) {
        count(files.count)
        for file in files {
            blob(file.path)
            kind(file.facts.kind)
            flag(file.facts.isExecutable)
            number(file.facts.size)
            number(file.facts.modifiedAt)
            number(file.facts.changedAt)
            number(file.facts.inode)
            number(file.observedAt)
            digest(file.digest)
        }
    }

    package mutating func products(_ products: [OutputDigest]) {
        count(products.count)
        for product in products {
            text(product.step)
            digest(product.digest)
        }
    }

    package mutating func parts(_ parts: [FingerprintPart]) {
        count(parts.count)
        for part in parts {
            text(part.name)
            text(part.value)
        }
    }

    package mutating func moved(_ cause: RunReason) {
        count(cause.omitted)
        for detail in cause.details {
            text(detail.subject)
            text(detail.change ?? "")
        }
    }

    package mutating func success(_ success: LastSuccess) {
        text(success.run)
        digest(success.fingerprint)
        digest(success.contents.declaredDigest)
        flag(success.declaresOutputs)
        flag(success.result != nil)
        digest(success.result ?? .zero)
        files(success.inputs)
        files(success.outputs)
        products(success.contents.products)
        parts(success.contents.declared)
        guard let walk = success.walk else { return }
        number(RecordReader.walkForm)
        number(walk.inputs)
        number(walk.outputs)
        files(walk.inputPlaces)
        files(walk.outputPlaces)
    }
}

extension RecordReader {
    /// Bytes of a file's record, but for its path.
    package static let leastFileSize = 78

    package mutating func files() throws(DamagedBytes) -> [FileRecord] {
        try list(ofSize: Self.leastFileSize) { reader throws(DamagedBytes) in
            let path = Array(try reader.blob())
            let stamp = try reader.stamp()
            return FileRecord(
                path: path, facts: stamp.facts, digest: try reader.digest(),
                observedAt: stamp.observedAt)
        }
    }

    /// How a file looked, and when; its digest follows.
    package mutating func stamp() throws(DamagedBytes) -> RecordedStamp {
        let facts = FileStamp(
            kind: try kind(), isExecutable: try flag(), size: try number(),
            modifiedAt: try number(), changedAt: try number(), inode: try number())
        return RecordedStamp(facts: facts, observedAt: try number())
    }

    package mutating func products() throws(DamagedBytes) -> [OutputDigest] {
        try list(ofSize: 36) { reader throws(DamagedBytes) in
            OutputDigest(step: try reader.text(), digest: try reader.digest())
        }
    }

    package mutating func parts() throws(DamagedBytes) -> [FingerprintPart] {
        try list(ofSize: 8) { reader throws(DamagedBytes) in
            FingerprintPart(try reader.text(), try reader.text())
        }
    }

    /// What ``RecordWriter/moved(_:)`` wrote; nothing of it is in records of earlier versions.
    package mutating func moved() -> RunReason {
        let omitted = (try? number(UInt32.self)) ?? 0
        var details: [RunReason.Detail] = []
        while !isAtEnd, let subject = try? text(), let change = try? text() {
            details.append(.init(subject, change: change.isEmpty ? nil : change))
        }
        return RunReason(.inputsMoved, details, omitted: Int(omitted))
    }

    /// What stands before the files of a success.
    package struct SuccessHead {
        package var run: UnsafeRawBufferPointer
        package var fingerprint: Digest
        package var declaredDigest: Digest
        package var declaresOutputs: Bool
        /// Of what it wrote to `STEPVISOR_OUTPUT`; nil for nothing.
        package var result: Digest?
    }

    package mutating func successHead() throws(DamagedBytes) -> SuccessHead {
        var head = SuccessHead(
            run: try blob(), fingerprint: try digest(), declaredDigest: try digest(),
            declaresOutputs: try flag())
        let (hasResult, result) = (try flag(), try digest())
        if hasResult { head.result = result }
        return head
    }

    /// The run of a success, and what the steps that its step needs had produced.
    package mutating func runAndProducts() throws(DamagedBytes) -> (
        run: UnsafeRawBufferPointer, products: [OutputDigest]
    ) {
        let head = try successHead()
        for _ in 0..<2 {
            for _ in 0..<(try count(ofSize: Self.leastFileSize)) {
                try blob()
                try raw(Self.leastFileSize - 4)
            }
        }
        return (head.run, try products())
    }

    package mutating func success() throws(DamagedBytes) -> LastSuccess {
        let head = try successHead()
        let (inputs, outputs) = (try files(), try files())
        let products = try products()
        let contents = Fingerprint(
            declared: try parts(), declaredDigest: head.declaredDigest,
            files: inputs.map(\.content), products: products)
        return LastSuccess(
            run: String(decoding: head.run, as: UTF8.self), contents: contents,
            fingerprint: head.fingerprint, inputs: inputs, outputs: outputs,
            declaresOutputs: head.declaresOutputs, result: head.result, walk: try? walk())
    }

    fileprivate static let walkForm: UInt8 = 1

    /// What stands before the places of a ``FileWalk``.
    package mutating func walkHead() throws(DamagedBytes) -> (inputs: UInt64, outputs: UInt64) {
        guard try number(UInt8.self) == Self.walkForm else { throw DamagedBytes() }
        return (try number(), try number())
    }

    private mutating func walk() throws(DamagedBytes) -> FileWalk {
        let head = try walkHead()
        return FileWalk(
            inputs: head.inputs, outputs: head.outputs, inputPlaces: try files(),
            outputPlaces: try files())
    }

    /// Skips what stands between the files of a success and its ``FileWalk``.
    package mutating func skipRest() throws(DamagedBytes) {
        for _ in 0..<(try count(ofSize: 36)) {
            try blob()
            try raw(32)
        }
        for _ in 0..<(try count(ofSize: 8)) {
            try blob()
            try blob()
        }
    }
}
