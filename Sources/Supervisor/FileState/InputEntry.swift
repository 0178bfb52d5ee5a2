import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What `lstat` tells of one file that a step reads, as far as it shows a change.
struct FileStamp: Hashable, Sendable {
    /// What a path is; the raw value goes into digests.
    enum Kind: UInt8, Sendable {
        case file, directory, link, fifo, socket, device
        /// It cannot be looked at, and nothing is known of it.
        case unreadable
    }

    var kind: Kind
    var isExecutable = false
    var size: Int64 = 0
    var modifiedAt: Int64 = 0
    var changedAt: Int64 = 0
    var inode: UInt64 = 0
    /// Why it is unreadable.
    var error: Int32 = 0

    init(_ facts: stat) {
        switch facts.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .directory
        case S_IFLNK: kind = .link
        case S_IFIFO: kind = .fifo
        case S_IFSOCK: kind = .socket
        default: kind = .device
        }
        isExecutable = kind == .file && facts.st_mode & 0o111 != 0
        size = Int64(facts.st_size)
        #if canImport(Darwin)
            let (modified, changed) = (facts.st_mtimespec, facts.st_ctimespec)
        #else
            let (modified, changed) = (facts.st_mtim, facts.st_ctim)
        #endif
        modifiedAt = FileStamp.nanoseconds(modified)
        changedAt = FileStamp.nanoseconds(changed)
        inode = UInt64(facts.st_ino)
    }

    init(
        kind: Kind, isExecutable: Bool, size: Int64, modifiedAt: Int64, changedAt: Int64,
        inode: UInt64
    ) {
        self.kind = kind
        self.isExecutable = isExecutable
        self.size = size
        self.modifiedAt = modifiedAt
        self.changedAt = changedAt
        self.inode = inode
    }

    init(unreadable error: Int32) {
        kind = .unreadable
        self.error = error
    }

    /// Whether its content is read: ``size`` bytes.
    var isRead: Bool { kind == .file || kind == .link }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

/// One file that a step reads.
struct InputEntry: Sendable {
    /// Relative to the project root, or absolute where it was declared so; bytes, not text.
    var path: [UInt8]
    /// Of a link those of all that it leads to, in one.
    var facts: FileStamp
    /// Of a link how it was followed.
    var link: Link?

    struct Link: Sendable {
        var rule: LinkRule
        /// What was looked at.
        var count: Int
        /// Of what the step does not write itself; nil where it writes nothing.
        var signature: Int?
    }
}
