package import Execution
import Platform
import Processes
import SystemCalls
import WorkflowModel

/// What the files that a step reads are at one moment.
package struct FileSnapshot: Sendable {
    /// Of their paths, kinds and contents.
    package var digest: UInt64
    /// Of what `lstat` says of those that the step does not write itself; only of use in this process.
    package var signature: Int
    /// Whether all of it could be read; if not, nothing is known of a change.
    package var isReadable: Bool
    /// Files, directories and links, sorted by path, each as it was.
    package var files: [FileRecord] = []
    /// Where they were looked for: directories that were listed, and paths where nothing was.
    package var places: [FileRecord] = []
    /// What was looked at behind links.
    var behindLinks = 0

    /// Files, directories and links, those behind links too.
    package var count: Int { files.count + behindLinks }
}

/// Looks at the files that steps read, and remembers the contents of large ones.
package struct FileHasher: Sendable {
    package let root: String
    private var known: [[UInt8]: KnownDigest] = [:]
    /// What is in directories, as long as they need not be looked at anew.
    package var listings: DirectoryListings?
    /// Told of what is read.
    package var progress: ReadingProgress?
    /// What is read next, for ``progress``.
    package var subject = ""
    /// Asked while contents are read; once it is false what is left counts as unreadable.
    package var isWanted: @Sendable () -> Bool = { true }

    /// A content that need not be read again while the file looks the same.
    private struct KnownDigest: Sendable {
        var facts: FileStamp
        var digest: Digest
    }

    /// Smaller files are read again as quickly as they are looked up.
    private static let leastKnownSize: Int64 = 1 << 16
    private static let maxKnown = 4096
    /// So much is read before anybody would wait for it.
    private static let quickSize: Int64 = 1 << 24

    package init(root: String) { self.root = root }

    /// The digest of a step that reads nothing.
    package static let nothing = FileSnapshot(
        digest: 0, signature: 0, isReadable: true)

    /// Looks at contents; nil when that would take more than the budget.
    ///
    /// - Parameters:
    ///   - patterns: What is looked at.
    ///   - hints: What is known of the files, sorted by path: those that look the same are not read.
    ///   - budget: How much may be looked at and read.
    /// - Returns: What there is.
    package mutating func look(
        at patterns: InputPatterns, hints: [FileRecord] = [], budget: InputBudget = .unlimited
    ) -> FileSnapshot? {
        guard !patterns.isEmpty else { return FileHasher.nothing }
        guard
            let (entries, places) = FileScanner.scan(
                for: patterns, root: root, budget: budget.names, listings: &listings)
        else { return nil }
        var reader = HintReader(hints)
        let known = entries.map { reader.digest(of: $0) }
        let size = zip(entries, known).reduce(Int64(0)) { sum, pair in
            sum &+ (pair.0.facts.isRead && pair.1 == nil ? pair.0.facts.size : 0)
        }
        guard size <= budget.bytes else { return nil }
        if size > FileHasher.quickSize { progress?.begin(subject, total: size) }
        defer { progress?.end() }
        var hash = SHA256()
        var look = FileSnapshot(
            digest: 0, signature: signature(of: entries, patterns), isReadable: true,
            places: places)
        look.files.reserveCapacity(entries.count)
        look.behindLinks = entries.reduce(0) { $0 + ($1.link?.count ?? 0) }
        var now = RunClock.wallTime().microseconds &* 1000
        for (entry, known) in zip(entries, known) {
            // Of many large files the last are read seconds after the first: each counts as old
            // or young when its own reading begins.
            if known == nil { now = RunClock.wallTime().microseconds &* 1000 }
            let content = known.map { .success($0) } ?? content(of: entry, patterns)
            hash.update(number: UInt64(entry.path.count))
            hash.update(entry.path)
            hash.update([entry.facts.mark])
            switch content {
            case .success(let digest):
                hash.update(digest.bytes)
                look.files.append(
                    FileRecord(
                        path: entry.path, facts: entry.facts, digest: digest, observedAt: now))
            case .failure(let problem):
                hash.update(number: UInt64(UInt32(bitPattern: problem.code)))
                look.isReadable = false
                look.files.append(
                    FileRecord(path: entry.path, facts: entry.facts, digest: .zero, observedAt: 0))
            }
        }
        look.digest = hash.digest64()
        return look
    }

    /// Why a content is not known: what the system said.
    private struct Unreadable: Error { var code: Int32 }

    private mutating func content(
        of entry: InputEntry, _ patterns: InputPatterns
    ) -> Result<Digest, Unreadable> {
        switch entry.facts.kind {
        case .file: fileContent(of: entry)
        case .link: linkContent(of: entry, patterns)
        case .unreadable: .failure(Unreadable(code: entry.facts.error))
        case .directory, .fifo, .socket, .device: .success(.zero)
        }
    }

    /// Whether something is what it was, by its content.
    package mutating func isUnchanged(
        _ entry: InputEntry, since old: FileRecord, _ patterns: InputPatterns
    ) -> Bool {
        guard old.observedAt != 0, entry.facts.mark == old.facts.mark else { return false }
        if let digest = old.content(for: entry.facts) { return digest == old.digest }
        guard case .success(let digest) = content(of: entry, patterns) else { return false }
        return digest == old.digest
    }

    /// The signature of ``FileSnapshot`` as it is now, without reading any content.
    package func signature(of patterns: InputPatterns) -> Int {
        guard !patterns.isEmpty else { return FileHasher.nothing.signature }
        return signature(
            of: FileScanner.entries(of: patterns, root: root) ?? [], patterns)
    }

    private func signature(of entries: [InputEntry], _ patterns: InputPatterns) -> Int {
        guard !patterns.written.isEmpty else { return FileHasher.signature(of: entries) }
        return FileHasher.signature(
            of: entries.filter { entry in
                let path = String(decoding: entry.path, as: UTF8.self)
                return !patterns.written.contains { $0.matches(path) }
            })
    }

    /// Which files look otherwise than they did, but for those that the step writes itself.
    package func changes(in patterns: InputPatterns, since files: [FileRecord]) -> [RunReason
        .Detail]
    {
        // Only looks are compared: each look stands for a content of its own.
        func contents(_ list: some Sequence<(path: [UInt8], facts: FileStamp)>) -> [FileContent] {
            list.compactMap { path, facts in
                let name = String(decoding: path, as: UTF8.self)
                if patterns.written.contains(where: { $0.matches(name) }) { return nil }
                var facts = facts
                if facts.kind == .directory { (facts.modifiedAt, facts.changedAt) = (0, 0) }
                let look = UInt64(bitPattern: Int64(facts.hashValue))
                let digest = facts.kind == .directory ? Digest.zero : Digest((look, 0, 0, 0))
                return FileContent(path: path, kind: facts.mark, digest: digest)
            }
        }
        let entries = FileScanner.entries(of: patterns, root: root) ?? []
        return FileContent.changes(
            from: contents(files.lazy.map { ($0.path, $0.facts) }),
            to: contents(entries.lazy.map { ($0.path, $0.facts) }))
    }

    /// Of what `lstat` said of files.
    package static func signature(of entries: [InputEntry]) -> Int {
        var hasher = Hasher()
        for entry in entries {
            hasher.combine(entry.path)
            // A directory's times change with every file that a step leaves in it.
            if entry.facts.kind == .directory { continue }
            if let signature = entry.link?.signature {
                hasher.combine(signature)
            } else {
                hasher.combine(entry.facts)
            }
        }
        return hasher.finalize()
    }

    private mutating func fileContent(of entry: InputEntry) -> Result<Digest, Unreadable> {
        if let content = known[entry.path], content.facts == entry.facts {
            return .success(content.digest)
        }
        let content = content(of: entry.path, follows: false)
        guard case .success(let digest) = content else { return content }
        let now = RunClock.wallTime().microseconds &* 1000
        if entry.facts.size >= FileHasher.leastKnownSize, entry.facts.isOldEnough(at: now) {
            if known.count >= FileHasher.maxKnown { known.removeAll() }
            known[entry.path] = KnownDigest(facts: entry.facts, digest: digest)
        }
        return content
    }

    /// A link counts by its text, and by the file or all of the directory that it leads to.
    private mutating func linkContent(
        of entry: InputEntry, _ patterns: InputPatterns
    ) -> Result<Digest, Unreadable> {
        var facts = stat()
        guard InputPath.with(root, entry.path, { lstat($0, &facts) }) == 0 else {
            return .failure(Unreadable(code: errno))
        }
        do throws(SymlinkError) {
            let walk = try SymlinkWalker(
                entry.path, facts, root: root, patterns: patterns,
                rule: entry.link?.rule ?? .whole)
            var hash = SHA256()
            for part in walk.parts {
                let content = content(of: part)
                guard case .success(let digest) = content else { return content }
                hash.update(number: UInt64(part.path.count - entry.path.count))
                hash.update(Array(part.path.dropFirst(entry.path.count)))
                hash.update([part.facts.mark])
                hash.update(number: UInt64((part.seenAs ?? -1) + 1))
                hash.update(number: UInt64(part.text.count))
                hash.update(part.text)
                hash.update(digest.bytes)
            }
            return .success(Digest(hash))
        } catch {
            return .failure(Unreadable(code: error.code))
        }
    }

    private mutating func content(of part: LinkedPart) -> Result<Digest, Unreadable> {
        guard part.facts.kind == .file else { return .success(.zero) }
        return part.isBehind
            ? content(of: part.path, follows: true)
            : fileContent(of: InputEntry(path: part.path, facts: part.facts))
    }

    /// The SHA-256 of a file.
    private func content(of path: [UInt8], follows: Bool) -> Result<Digest, Unreadable> {
        let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW)
        let number = InputPath.with(root, path) { open($0, flags) }
        guard number >= 0 else { return .failure(Unreadable(code: errno)) }
        let file = Descriptor(owning: number)
        var facts = stat()
        guard fstat(file.number, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            // It was exchanged since it was looked at: a fifo is not read, it would block.
            return .failure(Unreadable(code: EINVAL))
        }
        var content = SHA256()
        let size = max(1, min(1 << 18, Int(clamping: facts.st_size) + 1))
        let code = withUnsafeTemporaryAllocation(byteCount: size, alignment: 16) {
            buffer -> Int32 in
            while true {
                let count = LibC.read(file.number, buffer.baseAddress, buffer.count)
                if count > 0 {
                    content.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    progress?.advance(path, by: count)
                    if !isWanted() { return ECANCELED }
                } else if count == 0 {
                    return 0
                } else if errno != EINTR {
                    return errno
                }
            }
        }
        return code == 0 ? .success(Digest(content)) : .failure(Unreadable(code: code))
    }
}

/// Finds what is known of files that are asked for in the order of their paths.
private struct HintReader {
    private var hints: ArraySlice<FileRecord>

    init(_ hints: [FileRecord]) { self.hints = hints[...] }

    /// What a file's content was, where nothing speaks for its having changed since.
    mutating func digest(of entry: InputEntry) -> Digest? {
        while let hint = hints.first, hint.path.lexicographicallyPrecedes(entry.path) {
            hints.removeFirst()
        }
        guard let hint = hints.first, hint.path == entry.path else { return nil }
        return hint.content(for: entry.facts)
    }
}
