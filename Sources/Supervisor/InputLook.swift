import Execution
import SystemCalls
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What the files that a step reads are at one moment.
struct InputLook: Sendable {
    /// Of their paths, kinds and contents.
    var digest: UInt64
    /// Of what `lstat` says of those that the step does not write itself; only of use in this process.
    var signature: Int
    /// Whether all of it could be read; if not, nothing is known of a change.
    var isReadable: Bool
    /// Files.
    var count: Int
}

/// Looks at the files that steps read, and remembers the contents of large ones.
struct InputLooker: Sendable {
    private let root: String
    private var known: [[UInt8]: KnownContent] = [:]
    /// Asked while contents are read; once it is false what is left counts as unreadable.
    var isWanted: @Sendable () -> Bool = { true }

    /// A content that need not be read again while the file looks the same.
    private struct KnownContent: Sendable {
        var facts: InputFacts
        var digest: [UInt8]
    }

    /// Smaller files are read again as quickly as they are looked up.
    private static let leastKnownSize: Int64 = 1 << 16
    private static let mostKnown = 4096
    /// A file that was changed as lately as this may change again and look the same, by the
    /// coarseness of file systems' clocks.
    private static let leastAge: Int64 = 2_000_000_000

    init(root: String) { self.root = root }

    /// The digest of a step that reads nothing.
    static let nothing = InputLook(
        digest: 0, signature: 0, isReadable: true, count: 0)

    /// Looks at contents; nil when that would take more than the budget.
    mutating func look(
        at patterns: InputPatterns, budget: InputBudget = .unlimited
    ) -> InputLook? {
        guard !patterns.isEmpty else { return InputLooker.nothing }
        guard
            let entries = InputScan.entries(of: patterns, root: root, budget: budget.names)
        else { return nil }
        let size = entries.reduce(Int64(0)) { $0 &+ ($1.facts.kind == .file ? $1.facts.size : 0) }
        guard size <= budget.bytes else { return nil }
        var hash = SHA256()
        var isReadable = true
        for entry in entries {
            hash.update(number: UInt64(entry.path.count))
            hash.update(entry.path)
            hash.update([entry.facts.kind.rawValue, entry.facts.isExecutable ? 1 : 0])
            switch entry.facts.kind {
            case .file:
                isReadable = addContent(of: entry, to: &hash) && isReadable
            case .link:
                isReadable = addTarget(of: entry, to: &hash) && isReadable
            case .unreadable:
                hash.update(number: UInt64(UInt32(bitPattern: entry.facts.error)))
                isReadable = false
            case .directory, .fifo, .socket, .device:
                break
            }
        }
        return InputLook(
            digest: hash.digest64(), signature: signature(of: entries, patterns),
            isReadable: isReadable, count: entries.count)
    }

    /// The signature of ``InputLook`` as it is now, without reading any content.
    func signature(of patterns: InputPatterns) -> Int {
        signature(
            of: InputScan.entries(of: patterns, root: root) ?? [], patterns)
    }

    private func signature(of entries: [InputEntry], _ patterns: InputPatterns) -> Int {
        var hasher = Hasher()
        for entry in entries {
            if !patterns.written.isEmpty {
                let path = String(decoding: entry.path, as: UTF8.self)
                if patterns.written.contains(where: { $0.matches(path) }) { continue }
            }
            hasher.combine(entry.path)
            // A directory's times change with every file that a step leaves in it.
            if entry.facts.kind == .directory { continue }
            hasher.combine(entry.facts)
        }
        return hasher.finalize()
    }

    private mutating func addContent(of entry: InputEntry, to hash: inout SHA256) -> Bool {
        if let content = known[entry.path], content.facts == entry.facts {
            hash.update(content.digest)
            return true
        }
        guard let digest = digest(of: entry.path, follows: false, to: &hash) else { return false }
        hash.update(digest)
        let age =
            RunClock.wallTime().microseconds &* 1000
            &- max(entry.facts.changedAt, entry.facts.modifiedAt)
        if entry.facts.size >= InputLooker.leastKnownSize, age > InputLooker.leastAge {
            if known.count >= InputLooker.mostKnown { known.removeAll() }
            known[entry.path] = KnownContent(facts: entry.facts, digest: digest)
        }
        return true
    }

    /// A link counts by its text, and by the content of the file that it leads to.
    private func addTarget(of entry: InputEntry, to hash: inout SHA256) -> Bool {
        var target = [UInt8](repeating: 0, count: 4096)
        let count = target.withUnsafeMutableBytes { buffer -> Int in
            guard let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else {
                return -1
            }
            return InputPath.with(root, entry.path) { readlink($0, start, buffer.count) }
        }
        guard count >= 0 else {
            hash.update(number: UInt64(UInt32(bitPattern: errno)))
            return false
        }
        hash.update(number: UInt64(count))
        hash.update(Array(target[..<count]))
        var facts = stat()
        guard InputPath.with(root, entry.path, { stat($0, &facts) }) == 0,
            facts.st_mode & S_IFMT == S_IFREG
        else { return true }
        guard let digest = digest(of: entry.path, follows: true, to: &hash) else { return false }
        hash.update(digest)
        return true
    }

    /// The SHA-256 of a file; nil, with the reason hashed, when it cannot be read as one.
    private func digest(
        of path: [UInt8], follows: Bool, to hash: inout SHA256
    ) -> [UInt8]? {
        let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW)
        let number = InputPath.with(root, path) { open($0, flags) }
        guard number >= 0 else {
            hash.update(number: UInt64(UInt32(bitPattern: errno)))
            return nil
        }
        let file = Descriptor(owning: number)
        var facts = stat()
        guard fstat(file.number, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            // It was exchanged since it was looked at: a fifo is not read, it would block.
            hash.update(number: UInt64(UInt32(bitPattern: EINVAL)))
            return nil
        }
        var content = SHA256()
        let size = max(1, min(1 << 18, Int(clamping: facts.st_size) + 1))
        let code = withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) {
            buffer -> Int32 in
            while true {
                let count = Platform.read(file.number, buffer.baseAddress, buffer.count)
                if count > 0 {
                    content.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    if !isWanted() { return ECANCELED }
                } else if count == 0 {
                    return 0
                } else if errno != EINTR {
                    return errno
                }
            }
        }
        guard code == 0 else {
            hash.update(number: UInt64(UInt32(bitPattern: code)))
            return nil
        }
        return content.digest()
    }
}
