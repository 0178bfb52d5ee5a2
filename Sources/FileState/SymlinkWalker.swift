import Execution
package import Platform
import WorkflowModel

/// How much of what a link leads to counts; of two for one link the greater.
enum LinkRule: Int, Sendable {
    /// The file that it leads to; a directory does not count.
    case file
    /// What patterns mean below it; the link itself only where there is such a thing.
    case meant
    /// All that is below it and not excluded; the link itself only where there is such a thing.
    case below
    /// The link, and all that it leads to and that is not excluded.
    case whole
}

/// A link, or something that it leads to.
package struct LinkedPart: Sendable {
    /// From the project root, or absolute where the link was declared so.
    package var path: [UInt8]
    package var facts: FileStamp
    package var device: UInt64
    /// What a link says.
    package var text: [UInt8] = []
    /// Whether it is what the link of this path leads to.
    var isBehind = false
    /// The number of a directory that was come to before, by another path.
    var seenAs: Int?
    /// Whether the step writes it itself.
    package var isOwn = false
}

/// What keeps a link from being followed.
struct SymlinkError: Error {
    /// What the system said.
    package var code: Int32
    /// It is only more than may be looked at now.
    var isOverLimit = false
}

/// Follows a link: to a file, or through the directory that it leads to and the links in there.
///
/// Each directory is gone through once, known by device and inode, so that no cycle holds it; depth
/// and number are bounded. Nothing is opened but directories.
struct SymlinkWalker {
    private let root: String
    private let patterns: InputPatterns
    private let rule: LinkRule
    private let rootIdentity: Identity?
    private let realRoot: [UInt8]
    /// Names that may still be looked at.
    package private(set) var left: Int
    package private(set) var parts: [LinkedPart] = []
    /// Whether there is anything that counts.
    package private(set) var hasFound = false
    private var numbers: [Identity: Int] = [:]

    /// More names than these behind one link are taken to be unreadable.
    static let maxNames = 1_000_000
    private static let maxDirectories = 200

    private struct Identity: Hashable {
        var device: UInt64
        var inode: UInt64

        init(_ facts: stat) {
            device = UInt64(truncatingIfNeeded: facts.st_dev)
            inode = UInt64(truncatingIfNeeded: facts.st_ino)
        }
    }

    /// Follows a link of which `lstat` has told.
    init(
        _ link: [UInt8], _ facts: stat, root: String, patterns: InputPatterns, rule: LinkRule,
        limit: Int = SymlinkWalker.maxNames
    ) throws(SymlinkError) {
        self.root = root
        self.patterns = patterns
        self.rule = rule
        left = limit
        var top = stat()
        rootIdentity = stat("/", &top) == 0 ? Identity(top) : nil
        realRoot = SymlinkWalker.realPath(root, []) ?? Array(root.utf8)
        hasFound = rule == .whole || rule == .file
        try follow(link, facts, isMeant: true, level: 0)
    }

    private mutating func follow(
        _ path: [UInt8], _ facts: stat, isMeant: Bool, level: Int
    ) throws(SymlinkError) {
        var found = stat()
        let isThere = InputPath.with(root, path, { stat($0, &found) }) == 0
        guard isThere || [ENOENT, ENOTDIR, ELOOP].contains(errno) else {
            throw SymlinkError(code: errno)
        }
        let isDirectory = isThere && found.st_mode & S_IFMT == S_IFDIR
        guard isMeant || isDirectory else { return }
        var link = LinkedPart(path: path, facts: FileStamp(facts), device: Identity(facts).device)
        link.text = try text(of: path)
        parts.append(link)
        if isDirectory {
            guard rule != .file,
                !patterns.excludeAll(below: String(decoding: path, as: UTF8.self)),
                let real = SymlinkWalker.realPath(root, path), !isState(real),
                !holds(real, path)
            else { return }
            try enter(path, found, real: real, level: level + 1)
        } else if isThere, found.st_mode & S_IFMT == S_IFREG {
            var part = LinkedPart(
                path: path, facts: FileStamp(found), device: Identity(found).device)
            part.isBehind = true
            part.isOwn =
                !patterns.written.isEmpty
                && isOwn(path, real: SymlinkWalker.realPath(root, path) ?? path)
            parts.append(part)
        }
    }

    private mutating func enter(
        _ path: [UInt8], _ facts: stat, real: [UInt8], level: Int
    ) throws(SymlinkError) {
        let identity = Identity(facts)
        // All that there is, `/proc` with it, is nothing that could be read to its end.
        guard level < SymlinkWalker.maxDirectories, identity != rootIdentity else {
            throw SymlinkError(code: EFBIG)
        }
        var part = LinkedPart(path: path, facts: FileStamp(facts), device: identity.device)
        part.seenAs = numbers[identity]
        parts.append(part)
        guard part.seenAs == nil else { return }
        numbers[identity] = numbers.count
        for name in try names(in: path) {
            left -= 1
            guard left >= 0 else { throw SymlinkError(code: EFBIG, isOverLimit: true) }
            let child = path + [UInt8(ascii: "/")] + name
            try take(child, real: real + [UInt8(ascii: "/")] + name, level: level)
        }
    }

    private mutating func take(
        _ path: [UInt8], real: [UInt8], level: Int
    ) throws(SymlinkError) {
        var facts = stat()
        guard InputPath.with(root, path, { lstat($0, &facts) }) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return }
            throw SymlinkError(code: errno)
        }
        let text = String(decoding: path, as: UTF8.self)
        if isOwnOutput(text, real: real) { return }
        let isMeant =
            rule == .meant
            ? patterns.mean(text) : !patterns.excluded.contains { $0.matches(text) }
        switch facts.st_mode & S_IFMT {
        case S_IFDIR:
            guard !patterns.excludeAll(below: text) else { return }
            if isMeant { hasFound = true }
            try enter(path, facts, real: real, level: level + 1)
        case S_IFLNK:
            if isMeant { hasFound = true }
            try follow(path, facts, isMeant: isMeant, level: level + 1)
        default:
            guard isMeant else { return }
            hasFound = true
            var part = LinkedPart(
                path: path, facts: FileStamp(facts), device: Identity(facts).device)
            part.isOwn = isOwn(path, real: real)
            parts.append(part)
        }
    }

    /// What is in a directory, in the order of the bytes.
    private func names(in path: [UInt8]) throws(SymlinkError) -> [[UInt8]] {
        guard let directory = InputPath.with(root, path, { opendir($0) }) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw SymlinkError(code: errno)
        }
        defer { closedir(directory) }
        var names: [[UInt8]] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if !InputPath.isSkipped(name) { names.append(name) }
            guard names.count <= SymlinkWalker.maxNames else { throw SymlinkError(code: EFBIG) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private func text(of path: [UInt8]) throws(SymlinkError) -> [UInt8] {
        var target = [UInt8](repeating: 0, count: 4096)
        let count = target.withUnsafeMutableBytes { buffer -> Int in
            guard let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else {
                return -1
            }
            return InputPath.with(root, path) { readlink($0, start, buffer.count) }
        }
        guard count >= 0 else { throw SymlinkError(code: errno) }
        return Array(target[..<count])
    }

    /// Of the facts of what the step does not write itself; only of use in this process.
    package var signature: Int {
        var hasher = Hasher()
        for part in parts where part.facts.kind != .directory && !part.isOwn {
            hasher.combine(part.path)
            hasher.combine(part.facts)
        }
        return hasher.finalize()
    }

    // MARK: Where it leads

    private static func realPath(_ root: String, _ path: [UInt8]) -> [UInt8]? {
        guard let found = InputPath.with(root, path, { realpath($0, nil) }) else { return nil }
        defer { free(found) }
        return Array(UnsafeBufferPointer(start: found, count: strlen(found))).map {
            UInt8(bitPattern: $0)
        }
    }

    /// A path below the project root; nil for what lies elsewhere.
    private func inside(_ real: [UInt8]) -> ArraySlice<UInt8>? {
        guard real.starts(with: realRoot), real.count > realRoot.count + 1,
            real[realRoot.count] == UInt8(ascii: "/")
        else { return nil }
        return real[(realRoot.count + 1)...]
    }

    /// Whether a directory is one that the link itself is in: what is there is no more for it.
    private func holds(_ real: [UInt8], _ link: [UInt8]) -> Bool {
        let end = link.lastIndex(of: UInt8(ascii: "/")) ?? link.startIndex
        let parent = SymlinkWalker.realPath(root, Array(link[..<end])) ?? []
        return parent.starts(with: real)
            && (parent.count == real.count || parent[real.count] == UInt8(ascii: "/"))
    }

    /// Whether it is the state of the project, which changes all the time.
    private func isState(_ real: [UInt8]) -> Bool {
        inside(real)?.split(separator: UInt8(ascii: "/"), maxSplits: 1).first?
            .elementsEqual(ReservedNames.state.utf8) ?? false
    }

    /// Whether it is what the step declares to write, by this path or where it lies, or the cache.
    private func isOwnOutput(_ path: String, real: [UInt8]) -> Bool {
        guard patterns.own != nil || patterns.cache != nil else { return false }
        return patterns.areNotAbout(path)
            || inside(real).map {
                patterns.areNotAbout(String(decoding: $0, as: UTF8.self))
            } ?? false
    }

    private func isOwn(_ path: [UInt8], real: [UInt8]) -> Bool {
        guard !patterns.written.isEmpty else { return false }
        let names = [path[...], inside(real)].compactMap { $0 }.map {
            String(decoding: $0, as: UTF8.self)
        }
        return patterns.written.contains { glob in names.contains { glob.matches($0) } }
    }
}

extension FileStamp {
    /// The facts of a link and of all that it leads to, in one: a change of any of them shows.
    package init(_ parts: [LinkedPart]) {
        self.init(
            kind: .link, isExecutable: false, size: 0, modifiedAt: 0, changedAt: 0, inode: 0)
        var hash = SHA256()
        for part in parts {
            hash.update(number: UInt64(part.path.count))
            hash.update(part.path)
            hash.update([part.facts.mark])
            for number in [part.facts.inode, part.device, UInt64((part.seenAs ?? -1) + 1)] {
                hash.update(number: number)
            }
            // A directory's times change with every file in it, and what is in it is listed anyway.
            guard part.facts.kind != .directory else { continue }
            for number in [part.facts.size, part.facts.modifiedAt, part.facts.changedAt] {
                hash.update(number: UInt64(bitPattern: number))
            }
            if part.facts.kind == .file { size &+= part.facts.size }
            modifiedAt = max(modifiedAt, part.facts.modifiedAt)
            changedAt = max(changedAt, part.facts.changedAt)
        }
        inode = hash.digest64()
    }
}
