import Execution

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a glance needs of what is known of a step.
struct GlancedMemory {
    var run: String
    var products: [OutputDigest]
}

/// Reads the record of a success where it lies, in the form of ``StepStateWriter``.
struct RecordReader {
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
    mutating func filesAre(_ paths: [String], lookSameIn directory: Int32) -> Bool {
        guard let count = number(UInt32.self), Int(count) == paths.count else { return false }
        for path in paths {
            guard let written = blob(), path.utf8.count == written.count,
                path.utf8.elementsEqual(written), let facts = facts()
            else { return false }
            if !facts.now(path, in: directory) { return false }
        }
        return true
    }

    private struct Facts {
        var facts: FileStamp
        var observedAt: Int64

        func now(_ path: String, in directory: Int32) -> Bool {
            path.withCString { now($0, in: directory) }
        }

        private func now(_ path: UnsafePointer<CChar>, in directory: Int32) -> Bool {
            var found = stat()
            guard facts.kind == .file, facts.isOldEnough(at: observedAt),
                fstatat(directory, path, &found, AT_SYMLINK_NOFOLLOW) == 0
            else { return false }
            return FileStamp(found) == facts
        }
    }

    private mutating func facts() -> Facts? {
        guard let kind = number(UInt8.self).flatMap(FileStamp.Kind.init(rawValue:)),
            let isExecutable = number(UInt8.self), let size = number(Int64.self),
            let modifiedAt = number(Int64.self), let changedAt = number(Int64.self),
            let inode = number(UInt64.self), let observedAt = number(Int64.self), skip(32)
        else { return nil }
        let facts = FileStamp(
            kind: kind, isExecutable: isExecutable == 1, size: size, modifiedAt: modifiedAt,
            changedAt: changedAt, inode: inode)
        return Facts(facts: facts, observedAt: observedAt)
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
                OutputDigest(step: String(decoding: step, as: UTF8.self), digest: digest))
        }
        return memory
    }

    private mutating func skipFiles() -> Bool {
        guard let count = number(UInt32.self) else { return false }
        for _ in 0..<count where blob() == nil || !skip(1 + 1 + 5 * 8 + 32) { return false }
        return true
    }
}
