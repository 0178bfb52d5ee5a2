import Execution
package import Platform
import WorkflowModel

/// Looks for what a step said it would write.
///
/// Paths are relative to the working directory, which is the project root. A path is there when
/// something is at its end, so that a link to nothing is not; a pattern needs one entry that it
/// matches. Below a pattern's fixed directory no link is followed.
package struct OutputCheck {
    /// The exclusions among the patterns.
    private let exclusions: [Glob]
    private let wanted: [String]

    /// A check of the patterns that a step declares.
    package init(_ patterns: [String]) {
        wanted = patterns.filter { !$0.hasPrefix("!") }
        exclusions = patterns.filter { $0.hasPrefix("!") }.compactMap {
            try? Glob(String($0.dropFirst()))
        }
    }

    /// What became of an output.
    private enum Finding {
        case missing
        /// There is something, and more than nothing is in it.
        case present
        /// There is a file without content: its path.
        case empty(String)
    }

    /// The patterns that nothing matches, as declared, and outputs that are there and empty: a file
    /// by its name, or where a pattern is matched by empty files alone one of them.
    ///
    /// - Throws: ``SystemError`` where that cannot be told for want of descriptors or memory.
    package func look() throws(SystemError) -> (missing: [String], empty: [String]) {
        var (missing, empty): ([String], [String]) = ([], [])
        for pattern in wanted {
            switch try finding(of: pattern) {
            case .missing: missing.append(pattern)
            case .present: break
            case .empty(let path): empty.append(path)
            }
        }
        return (missing, empty)
    }

    private func finding(of pattern: String) throws(SystemError) -> Finding {
        // What is no pattern was refused when the workflow was read.
        guard let glob = try? Glob(pattern) else { return .missing }
        guard let literal = glob.literal else { return try match(of: glob) }
        guard !isExcluded(Glob.normalized(literal)) else { return .missing }
        return OutputCheck.finding(at: literal.utf8, shown: literal)
    }

    private func isExcluded(_ path: String) -> Bool { exclusions.contains { $0.matches(path) } }

    /// Looks through the pattern's directory until something matches that is not empty.
    private func match(of glob: Glob) throws(SystemError) -> Finding {
        var best = Finding.missing
        var open = [Array(glob.directory.utf8)]
        while let directory = open.popLast() {
            for entry in try OutputCheck.entries(of: directory) {
                let path =
                    directory.isEmpty ? entry.name : directory + [UInt8(ascii: "/")] + entry.name
                let text = String(decoding: path, as: UTF8.self)
                if glob.matches(text), !isExcluded(text) {
                    let finding =
                        entry.isPlain
                        ? .present
                        : OutputCheck.finding(at: path, shown: DisplayText.fileName(path))
                    switch finding {
                    case .missing: break
                    case .present: return .present
                    case .empty: if case .missing = best { best = finding }
                    }
                }
                if entry.isDirectory, !path.elementsEqual(".stepvisor".utf8) { open.append(path) }
            }
        }
        return best
    }

    private static func finding(at path: some Collection<UInt8>, shown: String) -> Finding {
        var status = stat()
        guard withPath(path, { stat($0, &status) }) == 0 else { return .missing }
        return status.st_mode & S_IFMT == S_IFREG && status.st_size == 0
            ? .empty(shown) : .present
    }

    /// A path as the system takes it: a name need not be UTF-8.
    private static func withPath<Result>(
        _ path: some Collection<UInt8>, _ body: (UnsafePointer<CChar>) -> Result
    ) -> Result {
        let bytes = path.map(CChar.init(bitPattern:)) + [0]
        return bytes.withUnsafeBufferPointer { buffer in
            // Never empty: it ends in a zero.
            buffer.baseAddress.map(body) ?? body("")
        }
    }

    private struct Entry {
        var name: [UInt8]
        var isDirectory = false
        /// Whether it is there and has something in it, as no further look need tell.
        var isPlain = false
    }

    /// What is in a directory; nothing where there is none, or it may not be read.
    private static func entries(of directory: [UInt8]) throws(SystemError) -> [Entry] {
        let path = directory.isEmpty ? [UInt8(ascii: ".")] : directory
        guard let stream = withPath(path, { opendir($0) }) else {
            if [EMFILE, ENFILE, ENOMEM].contains(errno) {
                throw SystemError("open", DisplayText.fileName(directory))
            }
            return []
        }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while let found = readdir(stream) {
            let name = withUnsafeBytes(of: &found.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            guard !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else { continue }
            var status = stat()
            let code = withPath(name) { fstatat(dirfd(stream), $0, &status, AT_SYMLINK_NOFOLLOW) }
            guard code == 0 else { continue }
            let kind = status.st_mode & S_IFMT
            entries.append(
                Entry(
                    name: name, isDirectory: kind == S_IFDIR,
                    isPlain: kind != S_IFLNK && (kind != S_IFREG || status.st_size > 0)))
        }
        return entries
    }
}
