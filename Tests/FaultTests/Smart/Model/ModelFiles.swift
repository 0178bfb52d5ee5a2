import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The system call, whose name methods shadow.
private func unistd(_ descriptor: Int32, _ bytes: [UInt8]) -> Int {
    write(descriptor, bytes, bytes.count)
}

/// What is at one path of a model's world.
enum ModelNode: Hashable {
    case file(String, isExecutable: Bool = false)
    /// Its text: relative to its own directory.
    case link(String)
    case directory

    var isFile: Bool { if case .file = self { true } else { false } }

    var isExecutable: Bool {
        if case .file(_, let isExecutable) = self { isExecutable } else { false }
    }
}

/// The files of a world: the same in memory and, where something is done to it, on its disk.
struct ModelFiles {
    private(set) var nodes: [String: ModelNode] = [:]

    /// Directories that are always there, and are no nodes.
    static let directories = ["d0", "d1", "d2"]
    private static let places = directories + ["out", "side"]

    subscript(path: String) -> ModelNode? { nodes[path] }

    /// Puts something at a path, in the place of what is there and below it; a file keeps its rights.
    mutating func put(_ node: ModelNode?, at path: String) {
        for key in below(path) { nodes[key] = nil }
        if case .file(let text, let isExecutable)? = node {
            let stays = nodes[path]?.isExecutable ?? false
            nodes[path] = .file(text, isExecutable: isExecutable || stays)
        } else {
            nodes[path] = node
        }
    }

    /// Puts something at a path exactly as it is.
    mutating func replace(_ node: ModelNode, at path: String) {
        for key in below(path) { nodes[key] = nil }
        nodes[path] = node
    }

    /// What is in a directory at any depth.
    func below(_ path: String) -> [String] {
        let prefix = path + "/"
        return nodes.keys.filter { $0.hasPrefix(prefix) }
    }

    /// Where a path leads by its links; nil where that is nothing.
    func destination(of path: String) -> String? {
        var path = path
        for _ in 0..<20 {
            if Self.places.contains(path) { return path }
            switch nodes[path] {
            case nil: return nil
            case .file, .directory: return path
            case .link(let text): path = Self.joined(path, text)
            }
        }
        return nil
    }

    /// What a link says, from the directory that it is in.
    private static func joined(_ path: String, _ text: String) -> String {
        var names = path.split(separator: "/").dropLast()
        for name in text.split(separator: "/") {
            if name == ".." { _ = names.popLast() } else { names.append(name) }
        }
        return names.joined(separator: "/")
    }

    /// What is read from a path; nil where no file is at its end.
    func text(of path: String) -> String? {
        guard let end = destination(of: path), case .file(let text, _)? = nodes[end] else {
            return nil
        }
        return text
    }

    /// All of a path that counts: what it is, what is in it, and whether it can be executed; of a link
    /// its text, and the file or all of the directory that it leads to.
    func identity(of path: String) -> String {
        switch nodes[path] {
        case nil: return "nothing"
        case .file(let text, let isExecutable):
            return "\(isExecutable ? "program" : "file") \(text)"
        case .link(let target):
            let destination = destination(of: path)
            // A link to what it lies in is cut.
            if let destination, Self.places.contains(destination),
                !path.hasPrefix(destination + "/")
            {
                let content = below(destination).sorted().map { "\($0) \(identity(of: $0))" }
                return "link \(target) to \(content)"
            }
            let end = destination.flatMap { nodes[$0] }
            guard case .file(let text, let isExecutable)? = end else {
                return "link \(target) to no file"
            }
            return "link \(target) to \(isExecutable ? "program" : "file") \(text)"
        case .directory: return "directory"
        }
    }

    // MARK: - The disk

    /// Writes everything that is there.
    func write(to root: String) throws {
        for directory in Self.places {
            try FileManager.default.createDirectory(
                atPath: "\(root)/\(directory)", withIntermediateDirectories: true)
        }
        for path in nodes.keys.sorted() { try make(path, in: root) }
    }

    /// Puts something at a path, here and on the disk.
    mutating func put(_ node: ModelNode?, at path: String, in root: String) throws {
        let isSame = nodes[path]?.isFile == true && node?.isFile == true
        if nodes[path] != nil, !isSame {
            try FileManager.default.removeItem(atPath: "\(root)/\(path)")
        }
        put(node, at: path)
        if node != nil { try make(path, in: root) }
    }

    /// Makes a file executable, or takes that away.
    mutating func toggleExecution(of path: String, in root: String) {
        guard case .file(let text, let isExecutable)? = nodes[path] else { return }
        nodes[path] = .file(text, isExecutable: !isExecutable)
        chmod("\(root)/\(path)", isExecutable ? 0o644 : 0o755)
    }

    private func make(_ path: String, in root: String) throws {
        let place = "\(root)/\(path)"
        switch nodes[path] {
        case nil: break
        case .file(let text, let isExecutable):
            let descriptor = open(place, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o644)
            guard descriptor >= 0, fchmod(descriptor, isExecutable ? 0o755 : 0o644) == 0 else {
                throw CocoaError(.fileWriteUnknown)
            }
            defer { close(descriptor) }
            let bytes = Array(text.utf8)
            guard unistd(descriptor, bytes) == bytes.count else {
                throw CocoaError(.fileWriteUnknown)
            }
        case .link(let text):
            guard symlink(text, place) == 0 else { throw CocoaError(.fileWriteUnknown) }
        case .directory:
            guard mkdir(place, 0o755) == 0 || errno == EEXIST else {
                throw CocoaError(.fileWriteUnknown)
            }
        }
    }

    /// How the disk differs from what is to be there; nil where it does not.
    func difference(from root: String) -> String? {
        var found: Set<String> = []
        for place in Self.places {
            for name in FileManager.default.enumerator(atPath: "\(root)/\(place)") ?? .init() {
                if let name = name as? String { found.insert("\(place)/\(name)") }
            }
        }
        if found != Set(nodes.keys) {
            let strange = found.symmetricDifference(nodes.keys).sorted()
            return "\(strange): of these what is there should not be, or the other way round"
        }
        for path in nodes.keys.sorted() {
            let there = Self.node(at: "\(root)/\(path)")
            if there != nodes[path] {
                return "\(path) is \(there.map { "\($0)" } ?? "strange")"
            }
        }
        return nil
    }

    private static func node(at place: String) -> ModelNode? {
        var facts = stat()
        guard lstat(place, &facts) == 0 else { return nil }
        switch facts.st_mode & S_IFMT {
        case S_IFDIR: return .directory
        case S_IFLNK:
            return (try? FileManager.default.destinationOfSymbolicLink(atPath: place))
                .map { .link($0) }
        default:
            let bytes = FileManager.default.contents(atPath: place) ?? Data()
            return .file(
                String(decoding: bytes, as: UTF8.self),
                isExecutable: facts.st_mode & 0o111 != 0)
        }
    }
}
