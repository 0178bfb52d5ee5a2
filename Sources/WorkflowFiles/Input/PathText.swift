import Platform
import WorkflowModel

/// Operations on paths as text, and their resolution by the system.
enum PathText {
    /// The path without links, `.` and `..`; nil when it does not exist.
    static func resolved(_ path: String) -> String? {
        guard let buffer = realpath(path, nil) else { return nil }
        defer { free(buffer) }
        return String(cString: buffer)
    }

    /// The directory that holds a path; `/` for the root.
    static func parent(of path: String) -> String {
        var text = Substring(path)
        while text.utf8.count > 1, text.hasSuffix("/") { text = text.dropLast() }
        guard let slash = text.lastIndex(of: "/") else { return "." }
        let parent = text[..<slash]
        return parent.isEmpty ? "/" : String(parent)
    }

    /// The last name of a path.
    static func name(of path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// A name in a directory.
    static func joined(_ directory: String, _ name: String) -> String {
        if directory == "." { return name }
        return directory.hasSuffix("/") ? directory + name : directory + "/" + name
    }

    /// The path without `.`, and without `..` where it cancels a name before it; `.` when no name
    /// is left.
    static func collapsed(_ path: String) -> String {
        var names: [Substring] = []
        for name in path.split(separator: "/") where name != "." {
            if name == "..", let last = names.last, last != ".." {
                names.removeLast()
            } else {
                names.append(name)
            }
        }
        let text = (path.hasPrefix("/") ? "/" : "") + names.joined(separator: "/")
        return text.isEmpty ? "." : text
    }

    /// Whether a path is a directory or lies in it; both must be free of links.
    static func isInside(_ path: String, _ directory: String) -> Bool {
        directory == "/" || path == directory || path.hasPrefix(directory + "/")
    }

    /// An absolute path as it would be typed in the working directory.
    static func shown(_ path: String, from workingDirectory: String) -> String {
        guard path.hasPrefix("/") else { return path }
        if path == workingDirectory { return "." }
        if workingDirectory != "/", path.hasPrefix(workingDirectory + "/") {
            return String(path.dropFirst(workingDirectory.count + 1))
        }
        let target = path.split(separator: "/")
        let start = workingDirectory.split(separator: "/")
        let common = zip(target, start).prefix { $0 == $1 }.count
        let up = [Substring](repeating: "..", count: start.count - common)
        let relative = (up + target.dropFirst(common)).joined(separator: "/")
        return relative.utf8.count < path.utf8.count ? relative : path
    }
}

/// The kind of file at a path; follows links.
enum FileKind: UInt8, Hashable, Sendable {
    case missing, regular, directory, other

    init(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            self = .missing
            return
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: self = .regular
        case S_IFDIR: self = .directory
        default: self = .other
        }
    }

    /// Whether this user may execute the file at the path.
    static func isExecutable(_ path: String) -> Bool {
        access(path, X_OK) == 0
    }
}

/// The names in a directory.
enum DirectoryListing {
    /// The names in a directory, unordered, without `.` and `..`; nil when it cannot be read.
    ///
    /// A name that is not UTF-8 is given as ``DisplayText/fileName(_:)`` shows it; no file has that
    /// name.
    static func names(in directory: String) -> [String]? {
        guard let stream = opendir(directory) else { return nil }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                let name = bytes.prefix { $0 != 0 }
                return String(validating: name, as: UTF8.self) ?? DisplayText.fileName(name)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
