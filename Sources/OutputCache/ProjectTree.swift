package import Platform
import SystemCalls

/// Opens the directories of a project component by component, following no link.
///
/// So nothing outside of the project is read or written, whatever a path or a link says. The last
/// directory stays open, since paths come in order.
package final class ProjectTree {
    private let root: Int32
    private var open: (names: [[CChar]], number: Int32)?
    /// Directories that were created, the outer ones first.
    package private(set) var made: [ProjectPath] = []

    /// Opens a project's root, an absolute path.
    init(root: String) throws(SystemError) {
        let number = LibC.open(root, O_RDONLY | O_DIRECTORY)
        guard number >= 0 else { throw SystemError("open", root) }
        self.root = number
    }

    deinit {
        if let open { close(open.number) }
        close(root)
    }

    /// The directory that contains a path; the descriptor is valid until the next call.
    ///
    /// - Parameters:
    ///   - path: The path.
    ///   - make: Whether to create missing directories.
    /// - Returns: The open descriptor.
    /// - Throws: The system's error, also for a link or a file in the place of a directory.
    package func parent(of path: ProjectPath, make: Bool = false) throws(SystemError) -> Int32 {
        let names = path.parents
        if names.isEmpty { return root }
        if let open, open.names.elementsEqual(names) { return open.number }
        var number = root
        for (depth, name) in names.enumerated() {
            var next = stepvisor_open_at(number, name, O_RDONLY | O_DIRECTORY, 0)
            if next < 0, errno == ENOENT, make {
                if mkdirat(number, name, 0o777) == 0 {
                    if let path = path.prefix(names: depth + 1) { made.append(path) }
                } else if errno != EEXIST {
                    throw failure(path, depth, number)
                }
                next = stepvisor_open_at(number, name, O_RDONLY | O_DIRECTORY, 0)
            }
            guard next >= 0 else { throw failure(path, depth, number) }
            if number != root { close(number) }
            number = next
        }
        if let open { close(open.number) }
        open = (Array(names), number)
        return number
    }

    /// Removes the created directories that are empty.
    func removeMade() {
        for path in made.reversed() {
            guard let parent = try? parent(of: path) else { continue }
            unlinkat(parent, path.name, AT_REMOVEDIR)
        }
        made = []
    }

    /// Records a directory that was not created by ``parent(of:make:)``.
    func noteMade(_ path: ProjectPath) { made.append(path) }

    /// Reads `errno`, and closes the descriptors opened so far.
    private func failure(_ path: ProjectPath, _ depth: Int, _ number: Int32) -> SystemError {
        let code = errno
        if number != root { close(number) }
        let shown = path.prefix(names: depth + 1)?.shown ?? path.shown
        guard [ELOOP, ENOTDIR, EMLINK].contains(code) else {
            return SystemError("open", shown, code: code)
        }
        return SystemError(refusing: shown, because: "it is a link, or no directory")
    }
}
