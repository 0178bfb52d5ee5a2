#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension SystemError {
    /// What to do about the errors that people meet; nil for the others.
    public var advice: String? {
        if let refusalAdvice { return refusalAdvice }
        return switch code {
        case EACCES, EPERM: "look at the permissions: `ls -ld` shows whose it is"
        case ENOSPC, EDQUOT: "the disk is full: `df -h` shows which"
        case EROFS: "the file system is read-only: work in a copy that can be written"
        case ELOOP, ENOTDIR, EISDIR:
            "remove or rename what is in the way: `ls -ld` shows what it is"
        case EMFILE, ENFILE: "too many files are open: raise `ulimit -n`, or use a lower `-j`"
        case ENOLCK, EOPNOTSUPP, ENOSYS:
            "work on a local disk; for locks that projects share, set XDG_STATE_HOME to a "
                + "directory on one"
        case EAGAIN, ENOMEM:
            "processes or memory are used up: raise `ulimit -u` or `ulimit -v`, or end something"
        default: nil
        }
    }

    /// Whether it says that a directory is where a file was expected.
    public var isDirectory: Bool { code == EISDIR }

    /// Whether it says that there is no such thing.
    public var isAbsence: Bool { code == ENOENT }
}
