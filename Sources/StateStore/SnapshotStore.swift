import Execution
package import Platform
import WorkflowModel

/// Snapshots of loaded workflows: `.stepvisor/workflows/<name>`.
///
/// What a snapshot says is run, so one that others could have written is not read: it, and the two
/// directories that hold it, must be this user's and closed to the writing of all others.
package enum SnapshotStore {
    private static let folder = "workflows"
    /// More than these are those of workflows that are not used any more.
    private static let maxCount = 16

    /// What is kept under a name; nil where there is nothing that can be trusted.
    ///
    /// - Parameters:
    ///   - name: Any text that tells the workflows of a project apart.
    ///   - root: Absolute path of the project root.
    /// - Returns: The bytes, as they were written or damaged since.
    package static func read(_ name: String, root: String) -> [UInt8]? {
        guard let state = try? StateDirectory(root: root, create: false),
            isClosed(state.descriptor),
            let directory = try? PrivateFile.directory(
                folder, in: state.descriptor, shown: folder, create: false),
            isClosed(directory.number),
            let file = PrivateFile.reading([key(of: name)], in: directory.number),
            isClosed(file.number)
        else { return nil }
        return try? FileBytes.all(of: file.number, subject: folder)
    }

    /// Keeps bytes under a name; the project's lock must be held.
    ///
    /// - Parameters:
    ///   - bytes: What ``read(_:root:)`` is to give.
    ///   - name: Any text that tells the workflows of a project apart.
    ///   - state: The project's state.
    /// - Throws: When it cannot be written whole; what was kept then stays as it was.
    package static func write(
        _ bytes: [UInt8], as name: String, in state: StateDirectory
    ) throws(SystemError) {
        let directory = try PrivateFile.directory(
            folder, in: state.descriptor, shown: "\(StateDirectory.name)/\(folder)", create: true)
        let key = key(of: name)
        try PrivateFile.replace(
            key, with: bytes, in: directory.number, temporary: "\(key).tmp",
            shown: "\(StateDirectory.name)/\(folder)/\(key)")
        guard let names = DirectoryListing.names(of: directory.number), names.count > maxCount
        else { return }
        for other in names where other != key { unlinkat(directory.number, other, 0) }
    }

    private static func key(of name: String) -> String {
        String(Digest(of: Array(name.utf8)).text.prefix(32))
    }

    /// Whether what is open is this user's, under one name where it is a file, and nobody else may write it.
    private static func isClosed(_ descriptor: Int32) -> Bool {
        var facts = stat()
        guard fstat(descriptor, &facts) == 0, facts.st_uid == geteuid() else { return false }
        return facts.st_mode & 0o022 == 0
            && (facts.st_mode & S_IFMT != S_IFREG || facts.st_nlink == 1)
    }
}
