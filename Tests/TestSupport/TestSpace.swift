public import Foundation

/// A temporary directory in which the built stepvisor is run, and removed with the value.
///
/// A test reads as a story: files, a command line, what came of it.
public final class TestSpace {
    /// The directory, absolute and without links.
    public let root: URL
    /// Added to the environment of every command; nil takes a variable away.
    public var environment: [String: String?] = [:]

    /// Makes an empty directory.
    public init() throws {
        let name = "stepvisor-test-\(UUID().uuidString.prefix(8))"
        let directory = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
        root = directory.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    }

    deinit {
        // A test may have taken rights away.
        if let names = FileManager.default.enumerator(atPath: root.path) {
            for case let name as String in names {
                let path = root.appendingPathComponent(name).path
                let type = try? FileManager.default.attributesOfItem(atPath: path)[.type]
                guard type as? FileAttributeType == .typeDirectory else { continue }
                try? FileManager.default.setAttributes(
                    [.posixPermissions: 0o755], ofItemAtPath: path)
            }
        }
        try? FileManager.default.removeItem(at: root)
    }

    /// Absolute path of a file in the directory.
    public func path(_ name: String) -> String { root.appendingPathComponent(name).path }

    /// Writes a file, with the directories above it.
    @discardableResult
    public func file(_ name: String, _ text: String, mode: Int = 0o644) throws -> TestSpace {
        try file(name, Data(text.utf8), mode: mode)
    }

    /// Writes a file of any bytes, with the directories above it.
    @discardableResult
    public func file(_ name: String, _ bytes: Data, mode: Int = 0o644) throws -> TestSpace {
        let file = root.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try bytes.write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path)
        if mode & 0o111 != 0 { WrittenProgram.settle(file.path) }
        return self
    }

    /// Writes an executable script that begins with `#!/bin/sh`.
    @discardableResult
    public func script(_ name: String, _ body: String) throws -> TestSpace {
        try file(name, "#!/bin/sh\n\(body)\n", mode: 0o755)
    }

    /// Writes a step file with a header of these lines.
    @discardableResult
    public func step(_ name: String, _ header: [String] = [], _ body: String) throws -> TestSpace {
        let lines = ["# /// step"] + header.map { "# \($0)" } + ["# ///"]
        return try script("steps/\(name)", lines.joined(separator: "\n") + "\n" + body)
    }

    /// Writes `workflow.toml`.
    @discardableResult
    public func workflow(_ text: String) throws -> TestSpace { try file("workflow.toml", text) }

    /// Makes an empty directory.
    public func directory(_ name: String, mode: Int = 0o755) throws {
        let url = root.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: url.path)
    }

    /// A file's text; "" where there is none.
    public func text(_ name: String) -> String {
        (try? Data(contentsOf: root.appendingPathComponent(name)))
            .map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// A file's lines.
    public func lines(_ name: String) -> [String] {
        text(name).split(separator: "\n").map(String.init)
    }

    /// Whether there is something of this name.
    public func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: path(name))
    }

    /// Gives steps that have been run these lengths in milliseconds, the latest last, as if they had taken
    /// them; those of the others are forgotten.
    public func durations(_ lengths: [String: String]) throws {
        let name = ".stepvisor/durations"
        let lines = lines(name).enumerated().compactMap { number, line -> String? in
            let parts = line.split(separator: "\t").map(String.init)
            guard number > 0, parts.count == 4 else { return number == 0 ? line : nil }
            return lengths[parts[1]].map { (parts[..<3] + [$0]).joined(separator: "\t") }
        }
        try file(name, lines.map { $0 + "\n" }.joined(), mode: 0o600)
    }

    /// Every file and directory with what it holds, by path, to be compared before and after.
    public func tree() -> [String: String] {
        var tree: [String: String] = [:]
        guard let names = FileManager.default.enumerator(atPath: root.path) else { return tree }
        for case let name as String in names {
            var isDirectory: ObjCBool = false
            _ = FileManager.default.fileExists(atPath: path(name), isDirectory: &isDirectory)
            tree[name] = isDirectory.boolValue ? "directory" : text(name)
        }
        return tree
    }
}
