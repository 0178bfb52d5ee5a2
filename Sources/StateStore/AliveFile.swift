package import Platform
import SystemCalls

/// `alive` of a run: locked by its guardian until the last process of the run is gone.
package enum AliveFile {
    package static let name = "alive"

    /// Opens and locks it; who inherits the descriptor has the lock too.
    ///
    /// - Parameter directory: the run's.
    /// - Returns: the file.
    /// - Throws: when it cannot be made, or is still locked by a guardian that is just ending.
    package static func locked(in directory: RunDirectory) throws(SystemError) -> Descriptor {
        let file = try PrivateFile.open(
            name, in: directory.descriptor, flags: O_RDWR | O_CREAT,
            shown: "\(directory.path)/\(name)")
        for _ in 0..<100 {
            switch stepvisor_try_lock(file.number) {
            case 0: return file
            // A guardian that was killed gives its lock back a moment after its pipe.
            case 1: usleep(500)
            default: throw SystemError.locking("\(directory.path)/\(name)")
            }
        }
        throw SystemError.locking("\(directory.path)/\(name)", code: EWOULDBLOCK)
    }

    /// Whether somebody holds the file of this absolute path; only this user's plain files count.
    package static func isHeld(at path: String) -> Bool {
        guard path.hasPrefix("/") else { return false }
        let number = stepvisor_open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK, 0)
        guard number >= 0 else { return false }
        let file = Descriptor(owning: number)
        var facts = stat()
        guard fstat(file.number, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG,
            facts.st_uid == geteuid()
        else { return false }
        return stepvisor_try_shared_lock(file.number) == 1
    }
}

extension SystemError {
    /// Says why a file could not be locked.
    package static func locking(_ path: String, code: Int32 = errno) -> SystemError {
        switch code {
        case ENOLCK, EOPNOTSUPP, ENOSYS:
            SystemError("lock (its file system has no `flock`)", path, code: code)
        default: SystemError("lock", path, code: code)
        }
    }
}
