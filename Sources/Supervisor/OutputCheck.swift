import Execution
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Looks for what a step said it would write.
///
/// Paths are relative to the working directory, which is the project root. A path is there when
/// something is at its end, so that a link to nothing is not; a pattern needs one entry that it
/// matches. Below a pattern's fixed directory no link is followed.
struct OutputCheck {
    /// The exclusions among the patterns.
    private let exclusions: [Glob]
    private let wanted: [String]

    /// A check of the patterns that a step declares.
    init(_ patterns: [String]) {
        wanted = patterns.filter { !$0.hasPrefix("!") }
        exclusions = patterns.filter { $0.hasPrefix("!") }.compactMap {
            try? Glob(String($0.dropFirst()))
        }
    }

    /// The patterns that nothing matches, as declared.
    ///
    /// - Throws: ``SystemError`` where that cannot be told for want of descriptors or memory.
    func missing() throws(SystemError) -> [String] {
        var missing: [String] = []
        for pattern in wanted where !(try isThere(pattern)) { missing.append(pattern) }
        return missing
    }

    private func isThere(_ pattern: String) throws(SystemError) -> Bool {
        // What is no pattern was refused when the workflow was read.
        guard let glob = try? Glob(pattern) else { return false }
        guard let literal = glob.literal else { return try hasMatch(of: glob) }
        return OutputCheck.exists(literal) && !isExcluded(Glob.normalized(literal))
    }

    private func isExcluded(_ path: String) -> Bool { exclusions.contains { $0.matches(path) } }

    /// Looks through the pattern's directory until something matches.
    private func hasMatch(of glob: Glob) throws(SystemError) -> Bool {
        var open = [glob.directory]
        while let directory = open.popLast() {
            for entry in try OutputCheck.entries(of: directory) {
                let path = directory.isEmpty ? entry.name : "\(directory)/\(entry.name)"
                if glob.matches(path), !isExcluded(path), !entry.isLink || OutputCheck.exists(path)
                {
                    return true
                }
                if entry.isDirectory, path != ".stepvisor" { open.append(path) }
            }
        }
        return false
    }

    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0
    }

    private struct Entry {
        var name: String
        var isDirectory = false
        var isLink = false
    }

    /// What is in a directory; nothing where there is none, or it may not be read.
    private static func entries(of directory: String) throws(SystemError) -> [Entry] {
        guard let stream = opendir(directory.isEmpty ? "." : directory) else {
            if [EMFILE, ENFILE, ENOMEM].contains(errno) { throw SystemError("open", directory) }
            return []
        }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while let found = readdir(stream) {
            let name = withUnsafePointer(to: &found.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 1) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            var status = stat()
            guard fstatat(dirfd(stream), name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            let kind = status.st_mode & S_IFMT
            entries.append(
                Entry(name: name, isDirectory: kind == S_IFDIR, isLink: kind == S_IFLNK))
        }
        return entries
    }
}

extension Supervisor {
    /// What of a step's declared outputs is not there.
    func missingOutputs(of step: Int) -> [String] {
        do {
            return try OutputCheck(header.steps[step].outputs).missing()
        } catch {
            record(.warning(step: step, "its outputs were not looked for: \(error.description)"))
            return []
        }
    }
}
