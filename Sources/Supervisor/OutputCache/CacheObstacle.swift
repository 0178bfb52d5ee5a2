import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What lies in the place of an entry, or of a directory above it, and can never be one.
struct CacheObstacle: Error {
    /// Where it lies below the cache.
    var path: String
    /// What is wrong with it: a clause.
    var reason: String
    /// Whether nothing is there.
    var isAbsent = false
    /// Whether it is in the way for good, and not only for want of descriptors or memory.
    var isLasting = true

    init(_ path: String, because reason: String) {
        self.path = path
        self.reason = reason
    }

    /// Takes what the system has said when it was opened.
    init(_ path: String, code: Int32, wanted: String) {
        self.path = path
        isAbsent = code == ENOENT
        let isOfWrongKind = [ELOOP, ENOTDIR, EMLINK, ENXIO].contains(code)
        isLasting = isOfWrongKind || code == EACCES || code == EPERM
        reason = isOfWrongKind ? "it is no \(wanted)" : SystemError.text(of: code)
    }
}

/// Finding the way through the cache name by name and through no link, and clearing it.
extension CacheDirectory {
    /// Deeper than this nothing is removed.
    private static let maxDirectories = 64

    /// The directory that holds something.
    func parent(of path: String) throws(CacheObstacle) -> Descriptor {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw CacheObstacle(path, code: errno, wanted: "directory") }
        var directory = Descriptor(owning: copy)
        var shown = ""
        for part in path.split(separator: "/").dropLast() {
            shown += shown.isEmpty ? part : "/\(part)"
            let number = stepvisor_open_at(
                directory.number, String(part), O_RDONLY | O_DIRECTORY, 0)
            guard number >= 0 else {
                throw CacheObstacle(shown, code: errno, wanted: "directory")
            }
            directory = Descriptor(owning: number)
        }
        return directory
    }

    /// The last name of a path.
    static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// Removes what is in the place of an entry, where the whole cache is this user's: a directory with
    /// all that is in it, and of a link the link alone.
    ///
    /// - Returns: Whether nothing is there any more.
    func clear(_ obstacle: CacheObstacle) -> Bool {
        guard obstacle.isLasting, isOwn else { return false }
        return remove(obstacle.path)
    }

    /// Removes something below the cache, whatever it is.
    func remove(_ path: String) -> Bool {
        do throws(CacheObstacle) {
            let parent = try parent(of: path)
            return CacheDirectory.remove(
                CacheDirectory.name(of: path), from: parent.number, depth: 0)
        } catch {
            return error.isAbsent
        }
    }

    private static func remove(_ name: String, from parent: Int32, depth: Int) -> Bool {
        if unlinkat(parent, name, 0) == 0 || errno == ENOENT { return true }
        // One of both says that it is a directory.
        guard errno == EISDIR || errno == EPERM, depth < maxDirectories else { return false }
        if unlinkat(parent, name, AT_REMOVEDIR) == 0 { return true }
        let number = stepvisor_open_at(parent, name, O_RDONLY | O_DIRECTORY, 0)
        guard number >= 0 else { return false }
        let directory = Descriptor(owning: number)
        var (here, above) = (stat(), stat())
        // What is mounted there is no part of the cache.
        guard fstat(number, &here) == 0, fstat(parent, &above) == 0, here.st_dev == above.st_dev
        else { return false }
        for name in DirectoryListing.names(of: directory.number) ?? [] {
            guard remove(name, from: directory.number, depth: depth + 1) else { return false }
        }
        return unlinkat(parent, name, AT_REMOVEDIR) == 0
    }

    /// What to say of something that was found in the place of an entry, and may have been removed.
    func sentence(about obstacle: CacheObstacle, isGone: Bool) -> String {
        if isGone { return "an entry of the cache was removed: \(obstacle.reason)" }
        guard obstacle.isLasting else {
            return "the cache's entry is not used: \(obstacle.reason)"
        }
        let owner = isOwn ? "" : ", as who owns `\(shown)`"
        return "the cache's entry is not used: \(obstacle.reason); "
            + "remove it\(owner): `rm -rf \(shown)/\(obstacle.path)`"
    }
}
