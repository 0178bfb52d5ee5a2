package import Platform
import SystemCalls

/// Something in the place of an entry, or of a directory above it, that can never be one.
package struct CacheObstacle: Error {
    /// Its path, relative to the cache.
    package var path: String
    /// Why it cannot be an entry: a clause.
    package var reason: String
    /// Whether nothing exists there.
    package var isAbsent = false
    /// Whether the obstacle is permanent, and not only a lack of descriptors or memory.
    var isLasting = true

    init(_ path: String, because reason: String) {
        self.path = path
        self.reason = reason
    }

    /// Translates the error of opening it.
    init(_ path: String, code: Int32, wanted: String) {
        self.path = path
        isAbsent = code == ENOENT
        let isOfWrongKind = [ELOOP, ENOTDIR, EMLINK, ENXIO].contains(code)
        isLasting = isOfWrongKind || code == EACCES || code == EPERM
        reason = isOfWrongKind ? "it is no \(wanted)" : SystemError.text(of: code)
    }
}

/// Opens paths in the cache component by component, following no link, and removes obstacles.
extension CacheDirectory {
    /// The depth below which nothing is removed.
    private static let maxDirectories = 64

    /// The directory that contains a path.
    package func parent(of path: String) throws(CacheObstacle) -> Descriptor {
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

    /// The last component of a path.
    package static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// Removes an obstacle, if the whole cache belongs to this user: a directory with its content,
    /// a link without its target.
    ///
    /// - Returns: Whether nothing is there any more.
    func clear(_ obstacle: CacheObstacle) -> Bool {
        guard obstacle.isLasting, isOwn else { return false }
        return remove(obstacle.path)
    }

    /// Removes a path in the cache, whatever it is.
    package func remove(_ path: String) -> Bool {
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
        // Systems report either error for a directory.
        guard errno == EISDIR || errno == EPERM, depth < maxDirectories else { return false }
        if unlinkat(parent, name, AT_REMOVEDIR) == 0 { return true }
        let number = stepvisor_open_at(parent, name, O_RDONLY | O_DIRECTORY, 0)
        guard number >= 0 else { return false }
        let directory = Descriptor(owning: number)
        var (here, above) = (stat(), stat())
        // A mount point is not part of the cache.
        guard fstat(number, &here) == 0, fstat(parent, &above) == 0, here.st_dev == above.st_dev
        else { return false }
        for name in DirectoryListing.names(of: directory.number) ?? [] {
            guard remove(name, from: directory.number, depth: depth + 1) else { return false }
        }
        return unlinkat(parent, name, AT_REMOVEDIR) == 0
    }

    /// The message about an obstacle, which may have been removed.
    package func sentence(about obstacle: CacheObstacle, isGone: Bool) -> String {
        if isGone { return "an entry of the cache was removed: \(obstacle.reason)" }
        guard obstacle.isLasting else {
            return "the cache's entry is not used: \(obstacle.reason)"
        }
        let owner = isOwn ? "" : ", as who owns `\(shown)`"
        return "the cache's entry is not used: \(obstacle.reason); "
            + "remove it\(owner): `rm -rf \(shown)/\(obstacle.path)`"
    }
}
