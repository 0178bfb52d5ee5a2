import Platform
import Supervisor

/// The directory in which the user started stepvisor, as opposed to the project's root and to `-C`.
struct StartDirectory: Sendable {
    /// The prefix of every path from the project's root: empty, or a path with a slash at its end.
    private let prefix: String

    /// The start directory; `-C` and a run change the working directory later.
    private static let start = ProcessEnvironment.workingDirectory

    /// Records the start directory; call this before anything else.
    static func remember() { _ = start }

    init(projectRoot: String) { self.init(projectRoot: projectRoot, directory: Self.start) }

    /// - Parameters:
    ///   - projectRoot: Absolute.
    ///   - directory: The user's directory, absolute and without links; nil when it is unknown.
    init(projectRoot: String, directory: String?) {
        let root = projectRoot.split(separator: "/")
        let absolute = root.isEmpty ? "/" : "/" + root.joined(separator: "/") + "/"
        guard let directory else {
            prefix = absolute
            return
        }
        let here = directory.split(separator: "/")
        let shared = zip(here, root).prefix { $0 == $1 }.count
        let up = String(repeating: "../", count: here.count - shared)
        let relative = root[shared...].reduce(up) { "\($0)\($1)/" }
        prefix = relative.utf8.count <= absolute.utf8.count ? relative : absolute
    }

    /// A path in the project, relative to the user's directory.
    func path(ofProjectFile path: String) -> String { prefix + path }
}
