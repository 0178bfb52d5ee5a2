#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension FileInput {
    /// The first bytes of a regular file, or nil where it cannot be read; never blocks.
    static func head(of path: String, count: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        var bytes = [UInt8](repeating: 0, count: count)
        let length = pread(descriptor, &bytes, count, 0)
        return length < 0 ? nil : Array(bytes.prefix(length))
    }
}
