import Foundation

/// A directory with files that lives as long as a test.
final class TemporaryProject {
    /// Absolute, without links.
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory
            .appendingPathComponent("stepvisor-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.resolvingSymlinksInPath().path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, with the directories that hold it.
    func write(_ name: String, _ text: String, isExecutable: Bool = false) throws {
        let file = path + "/" + name
        // Not by Foundation's `deletingLastPathComponent`, which traps on a name of one character.
        if let slash = name.lastIndex(of: "/") { try makeDirectory(String(name[..<slash])) }
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes(
            [.posixPermissions: isExecutable ? 0o755 : 0o644], ofItemAtPath: file)
    }

    func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: path + "/" + name, withIntermediateDirectories: true)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: path + "/" + name)
    }

    func rename(_ name: String, to other: String) throws {
        try FileManager.default.moveItem(atPath: path + "/" + name, toPath: path + "/" + other)
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: path + "/" + name, withDestinationPath: target)
    }

    /// An executable script with a header.
    func writeStep(_ name: String, _ header: String = "") throws {
        let lines = header.split(separator: "\n").map { "# \($0)\n" }.joined()
        try write(name, "#!/bin/sh\n# /// step\n\(lines)# ///\ntrue\n", isExecutable: true)
    }
}
