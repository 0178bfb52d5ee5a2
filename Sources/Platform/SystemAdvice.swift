extension SystemError {
    /// What to do about the most common errors; nil for all others.
    public var advice: String? {
        if let refusalAdvice { return refusalAdvice }
        return switch code {
        case EACCES, EPERM: "look at the permissions: `ls -ld` shows whose it is"
        case ENOSPC, EDQUOT: "the disk is full: `df -h` shows which"
        case EFBIG:
            "no file may get larger than a limit on this process: `ulimit -f` shows it in KiB, "
                + "`ulimit -f unlimited` lifts it"
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

    /// Why a run stops for this error, in a few words for the line of a step.
    package var stopReason: String {
        switch code {
        case ENOSPC: "the disk is full"
        case EDQUOT: "the disk quota is used up"
        case EFBIG: "a file has reached the limit on its size (`ulimit -f`)"
        case EROFS: "the file system is read-only"
        case ENOENT where subject.contains("/.stepvisor/"): "the directory of its record is gone"
        default:
            "cannot \(call) `\(subject.split(separator: "/").last ?? "/")`: "
                + SystemError.text(of: code)
        }
    }

    /// Whether a directory was found where a file was expected.
    public var isDirectory: Bool { code == EISDIR }

    /// Whether the file does not exist.
    public var isAbsence: Bool { code == ENOENT }
}
