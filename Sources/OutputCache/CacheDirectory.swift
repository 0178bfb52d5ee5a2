package import Execution
import FileState
package import Platform
import StateStore
import SystemCalls
import WorkflowModel

/// The directory of the cache: `.stepvisor/cache`, or the value of `STEPVISOR_CACHE`.
///
/// Each entry is one file, `v1-linux-x86_64/ab/abcd…`, so formats and platforms stay separate. A
/// file being written is in `writing/`, locked, and gets its name when it is complete.
package final class CacheDirectory: Sendable {
    /// The variable that sets another location.
    package static let variable = "STEPVISOR_CACHE"

    /// As messages show it.
    package let shown: String
    package let descriptor: Int32
    /// The owner of the directory; entries of this user are trusted.
    private let owner: uid_t
    /// The mode of entries and subdirectories: all who may enter the directory may read them.
    private let fileMode: mode_t
    private let directoryMode: mode_t

    /// Opens the directory, and creates it if requested.
    ///
    /// - Parameters:
    ///   - root: The project root, absolute.
    ///   - environment: May set the variable; an empty value is ignored.
    ///   - create: Whether to create what is missing.
    /// - Throws: The system's error, or why the directory is not used.
    package init(
        root: String, environment: [String: String], create: Bool
    ) throws(SystemError) {
        let named = environment[CachePlace.variable] ?? ""
        if named.isEmpty {
            shown = "\(StateDirectory.name)/cache"
            let state = try StateDirectory(root: root, create: create)
            descriptor = try PrivateFile.directory(
                "cache", in: state.descriptor, shown: shown, create: create
            ).release()
        } else {
            shown = named
            let path = named.hasPrefix("/") ? named : "\(root)/\(named)"
            if create { try CacheDirectory.make(path) }
            // The user chose this path, so links in it are followed.
            descriptor = LibC.open(path, O_RDONLY | O_DIRECTORY)
            guard descriptor >= 0 else { throw SystemError("open", named) }
        }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else {
            let error = SystemError("look at", shown)
            close(descriptor)
            throw error
        }
        owner = facts.st_uid
        directoryMode = facts.st_mode & 0o7777
        fileMode = 0o600 | facts.st_mode & 0o044
    }

    deinit { close(descriptor) }

    /// Creates a directory for this user only, and its missing parents with the usual mode.
    private static func make(_ path: String) throws(SystemError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT else { throw SystemError("make the directory", path) }
        let names = path.split(separator: "/")
        for count in 1..<max(1, names.count) {
            mkdir("/" + names.prefix(count).joined(separator: "/"), 0o777)
        }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw SystemError("make the directory", path)
        }
    }

    // MARK: Entries

    /// The directory of entries with this format and platform.
    static let ownGeneration = "v\(CacheManifest.version)-\(platform)"

    private static var platform: String {
        #if os(Linux)
            let system = "linux"
        #else
            let system = "macos"
        #endif
        #if arch(x86_64)
            return "\(system)-x86_64"
        #elseif arch(arm64)
            return "\(system)-arm64"
        #else
            return "\(system)-other"
        #endif
    }

    /// The path of an entry, relative to the directory.
    package static func path(of fingerprint: Digest) -> String {
        let text = fingerprint.text
        return "\(ownGeneration)/\(text.prefix(2))/\(text)"
    }

    /// An open entry.
    package struct OpenEntry: ~Copyable {
        package let file: Descriptor
        package let size: UInt64
        package let inode: UInt64
    }

    /// The result of opening an entry.
    package enum Finding: ~Copyable {
        case missing
        /// An untrusted file is in its place, or something that is not an entry.
        case refused(CacheObstacle)
        case found(OpenEntry)
    }

    /// Opens an entry if it exists and its owner is trusted.
    package func open(_ path: String) -> Finding {
        let number: Int32
        do throws(CacheObstacle) {
            let parent = try parent(of: path)
            number = stepvisor_open_at(
                parent.number, CacheDirectory.name(of: path), O_RDONLY | O_NONBLOCK, 0)
            guard number >= 0 else {
                throw CacheObstacle(path, code: errno, wanted: "regular file")
            }
        } catch {
            return error.isAbsent ? .missing : .refused(error)
        }
        let file = Descriptor(owning: number)
        var facts = stat()
        guard fstat(number, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            return .refused(CacheObstacle(path, because: "it is no regular file"))
        }
        guard facts.st_uid == owner || ProjectTrust.isTrusted(facts.st_uid) else {
            return .refused(
                CacheObstacle(
                    path, because: "it belongs to another user (uid \(facts.st_uid))"))
        }
        guard facts.st_mode & 0o022 == 0 else {
            return .refused(
                CacheObstacle(path, because: "others than its owner may write to it"))
        }
        return .found(
            OpenEntry(file: file, size: UInt64(facts.st_size), inode: UInt64(facts.st_ino)))
    }

    /// Whether this user may remove anything in the cache.
    package var isOwn: Bool { owner == geteuid() }

    /// Whether there is an entry, or something in its place.
    package func has(_ path: String) -> Bool {
        var facts = stat()
        return fstatat(descriptor, path, &facts, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT
    }

    /// Removes an entry if it is still the file that was checked.
    @discardableResult
    package func remove(_ path: String, inode: UInt64) -> Bool {
        var facts = stat()
        guard fstatat(descriptor, path, &facts, AT_SYMLINK_NOFOLLOW) == 0,
            UInt64(facts.st_ino) == inode
        else { return true }
        return remove(path)
    }

    /// Marks an entry as used now: the least recently used entries are removed first.
    static func touch(_ file: borrowing Descriptor) { futimens(file.number, nil) }

    // MARK: Writing

    static let writing = "writing"
    static let temporaryPrefix = "w-"

    /// A file that is not an entry yet, under a temporary name.
    package final class Temporary {
        package let name: String
        package let file: Descriptor

        init(name: String, file: consuming Descriptor) {
            self.name = name
            self.file = file
        }
    }

    /// Creates a file for a new entry.
    package func temporary() throws(SystemError) -> Temporary {
        let random = String(UInt64.random(in: .min ... .max), radix: 16)
        let name = "\(CacheDirectory.temporaryPrefix)\(getpid())-\(random)"
        for _ in 0..<10 {
            let directory = try subdirectory(CacheDirectory.writing)
            let number = stepvisor_open_at(
                directory.number, name, O_RDWR | O_CREAT | O_EXCL, 0o600)
            guard number >= 0 else {
                // A concurrent cleanup has removed the directory meanwhile.
                if errno == ENOENT { continue }
                break
            }
            // A file that can be locked has a dead writer.
            _ = stepvisor_try_lock(number)
            return Temporary(name: name, file: Descriptor(owning: number))
        }
        throw SystemError("write", "\(shown)/\(CacheDirectory.writing)/\(name)")
    }

    /// Renames a complete file to its place as an entry.
    func publish(
        _ temporary: Temporary, as fingerprint: Digest
    ) throws(SystemError) {
        let name = temporary.name
        if fileMode != 0o600, fchmod(temporary.file.number, fileMode) != 0 {
            throw SystemError("set the rights of", "\(shown)/\(name)")
        }
        let text = fingerprint.text
        let source = try subdirectory(CacheDirectory.writing)
        for attempt in 0..<2 {
            let generation = try subdirectory(CacheDirectory.ownGeneration)
            let target = try subdirectory(
                String(text.prefix(2)), of: CacheDirectory.ownGeneration, in: generation.number)
            if renameat(source.number, name, target.number, text) == 0 { return }
            // A concurrent cleanup has removed the directory meanwhile.
            guard errno == ENOENT, attempt == 0 else {
                throw SystemError("write", "\(shown)/\(CacheDirectory.path(of: fingerprint))")
            }
        }
    }

    /// Removes a file that will not become an entry.
    func discard(_ name: String) { unlinkat(descriptor, "\(CacheDirectory.writing)/\(name)", 0) }

    private func subdirectory(
        _ name: String, of above: String = "", in parent: Int32? = nil
    ) throws(SystemError) -> Descriptor {
        let parent = parent ?? descriptor
        let path = above.isEmpty ? "\(shown)/\(name)" : "\(shown)/\(above)/\(name)"
        let isNew = mkdirat(parent, name, 0o700) == 0
        guard isNew || errno == EEXIST else {
            throw SystemError("make the directory", path)
        }
        let number = stepvisor_open_at(parent, name, O_RDONLY | O_DIRECTORY, 0)
        guard number >= 0 else { throw SystemError("open", path) }
        let directory = Descriptor(owning: number)
        if isNew, directoryMode != 0o700 { fchmod(number, directoryMode) }
        return directory
    }
}
