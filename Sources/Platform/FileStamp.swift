/// What `stat` tells of a file, as far as it shows a change.
package struct FileStamp: Hashable, Sendable {
    /// What a path is; the raw value goes into digests.
    package enum Kind: UInt8, Sendable {
        case file, directory, link, fifo, socket, device
        /// It cannot be looked at, and nothing is known of it.
        case unreadable
    }

    package var kind: Kind
    package var isExecutable = false
    package var size: Int64 = 0
    package var modifiedAt: Int64 = 0
    package var changedAt: Int64 = 0
    package var inode: UInt64 = 0
    /// Why it is unreadable.
    package var error: Int32 = 0

    package init(_ facts: stat) {
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
        modifiedAt = FileStamp.nanoseconds(facts.modified)
        changedAt = FileStamp.nanoseconds(facts.changed)
        inode = UInt64(facts.st_ino)
    }

    package init(
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

    package init(unreadable error: Int32) {
        kind = .unreadable
        self.error = error
    }

    /// Of what is at a path; nil when there is nothing, or it cannot be reached.
    package init?(of path: String, followingLinks: Bool) {
        var facts = stat()
        guard (followingLinks ? stat(path, &facts) : lstat(path, &facts)) == 0 else { return nil }
        self.init(facts)
    }

    /// A file that was changed as lately as this may change again and keep its stamp, by the
    /// coarseness of file systems' clocks.
    private static let racyWindow: Int64 = 2_000_000_000

    /// Whether a file was old enough at a time, in nanoseconds since 1970, so that any later change
    /// shows in its stamp.
    package func isOldEnough(at time: Int64) -> Bool {
        time &- max(changedAt, modifiedAt) > FileStamp.racyWindow
    }

    /// Whether its content is read: ``size`` bytes.
    package var isRead: Bool { kind == .file || kind == .link }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
