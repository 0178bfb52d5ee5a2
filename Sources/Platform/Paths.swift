/// Resolves paths.
package enum RealPath {
    /// The path without links, `.` and `..`; nil when it does not exist.
    package static func of(_ path: String) -> String? {
        guard let buffer = realpath(path, nil) else { return nil }
        defer { free(buffer) }
        return String(cString: buffer)
    }
}

/// Reads symbolic links.
package enum SymbolicLink {
    /// The bytes of a link; nil when there is none, or it cannot be read.
    package static func bytes(of path: String) -> [UInt8]? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        return count > 0 ? buffer[..<count].map(UInt8.init(bitPattern:)) : nil
    }

    /// The same as text.
    package static func target(of path: String) -> String? {
        bytes(of: path).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// Reads the names in a directory.
package enum DirectoryListing {
    /// All names but `.` and `..`; nil when the directory cannot be read.
    package static func names(of path: String) -> [String]? {
        guard let directory = opendir(path) else { return nil }
        return names(in: directory)
    }

    /// The same for an open directory, wherever its path leads by now.
    package static func names(of number: Int32) -> [String]? {
        // Opened again, since a duplicate would share the position in the list.
        let own = openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0 else { return nil }
        guard let directory = fdopendir(own) else {
            LibC.close(own)
            return nil
        }
        return names(in: directory)
    }

    #if canImport(Glibc)
        private typealias Stream = OpaquePointer
    #else
        private typealias Stream = UnsafeMutablePointer<DIR>
    #endif

    private static func names(in directory: Stream) -> [String] {
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
