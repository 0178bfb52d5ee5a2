import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The directories of a project, entered name by name and through no link.
///
/// So nothing that lies outside of the project is read or written, whatever a path or a link says.
/// The directory entered last stays open, since paths come in order.
final class ProjectTree {
    private let root: Int32
    private var open: (names: [[CChar]], number: Int32)?
    /// Directories that were made, the outer ones first.
    private(set) var made: [ProjectPath] = []

    /// Opens a project's root, an absolute path.
    init(root: String) throws(SystemError) {
        let number = Platform.open(root, O_RDONLY | O_DIRECTORY)
        guard number >= 0 else { throw SystemError("open", root) }
        self.root = number
    }

    deinit {
        if let open { close(open.number) }
        close(root)
    }

    /// The directory that holds something; lent until the next question.
    ///
    /// - Parameters:
    ///   - path: What is held.
    ///   - make: Whether to make directories that are missing.
    /// - Returns: Its number.
    /// - Throws: What the system said, or that a link or a file is in the way.
    func parent(of path: ProjectPath, make: Bool = false) throws(SystemError) -> Int32 {
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

    /// Removes the directories that were made, as far as nothing is in them.
    func removeMade() {
        for path in made.reversed() {
            guard let parent = try? parent(of: path) else { continue }
            unlinkat(parent, path.name, AT_REMOVEDIR)
        }
        made = []
    }

    /// Takes note of a directory that was made by somebody else than ``parent(of:make:)``.
    func noteMade(_ path: ProjectPath) { made.append(path) }

    /// Reads `errno`, and closes what was opened on the way.
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
