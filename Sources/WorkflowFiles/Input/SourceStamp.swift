#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What `stat` says of a file or directory that loading reads, as far as it shows a change.
struct SourceStamp: Hashable, Sendable {
    var mode: UInt32
    var device: UInt64
    var inode: UInt64
    var size: Int64
    /// Nanoseconds since 1970.
    var modifiedAt: Int64
    /// Nanoseconds since 1970, of the last change of the inode.
    var changedAt: Int64

    init(
        mode: UInt32, device: UInt64, inode: UInt64, size: Int64, modifiedAt: Int64,
        changedAt: Int64
    ) {
        self.mode = mode
        self.device = device
        self.inode = inode
        self.size = size
        self.modifiedAt = modifiedAt
        self.changedAt = changedAt
    }

    init(_ facts: stat) {
        #if canImport(Darwin)
            let (modified, changed) = (facts.st_mtimespec, facts.st_ctimespec)
        #else
            let (modified, changed) = (facts.st_mtim, facts.st_ctim)
        #endif
        self.init(
            mode: UInt32(facts.st_mode), device: UInt64(truncatingIfNeeded: facts.st_dev),
            inode: UInt64(facts.st_ino), size: Int64(facts.st_size),
            modifiedAt: Self.nanoseconds(modified), changedAt: Self.nanoseconds(changed))
    }

    /// Of what a path names; nil where there is nothing.
    init?(_ path: String, followingLinks: Bool = true) {
        var facts = stat()
        guard (followingLinks ? stat(path, &facts) : lstat(path, &facts)) == 0 else { return nil }
        self.init(facts)
    }

    var isRegular: Bool { mode & UInt32(S_IFMT) == UInt32(S_IFREG) }

    /// A file that was changed as lately as this may change again and keep its stamp, by the coarseness
    /// of file systems' clocks.
    private static let racyWindow: Int64 = 2_000_000_000

    /// Whether it was old enough when it was read, so that a later change shows in the stamp.
    func isOldEnough(at time: Int64) -> Bool {
        time &- max(changedAt, modifiedAt) > Self.racyWindow
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
