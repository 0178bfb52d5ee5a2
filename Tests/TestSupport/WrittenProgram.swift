#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A program that a test has just written.
public enum WrittenProgram {
    /// Waits until no process has the file open for writing, which the kernel demands of a program (ETXTBSY).
    ///
    /// All tests share one process: a child that another test starts meanwhile has what this one is
    /// writing open until it executes its own program. A read lease is granted only on a file that
    /// nobody has open for writing.
    public static func settle(_ path: String) {
        #if os(Linux)
            let (setLease, read, none): (Int32, Int32, Int32) = (1024, 0, 2)
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return }
            defer { close(descriptor) }
            _ = TestSpace.wait { fcntl(descriptor, setLease, read) == 0 || errno != EAGAIN }
            _ = fcntl(descriptor, setLease, none)
        #endif
    }
}
