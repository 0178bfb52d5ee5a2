import Supervisor

/// Where the user stands, as opposed to the project's root and to `-C`.
struct StartDirectory: Sendable {
    /// Before every path from the project's root: empty, or a path with a slash at its end.
    private let prefix: String

    /// Where stepvisor was started; `-C` and a run change the working directory later.
    private static let start = ProcessEnvironment.workingDirectory

    /// Takes note of where stepvisor was started, before anything else happens.
    static func remember() { _ = start }

    init(projectRoot: String) { self.init(projectRoot: projectRoot, directory: Self.start) }

    /// - Parameters:
    ///   - projectRoot: Absolute.
    ///   - directory: Where the user stands, absolute and without links; nil where nobody knows.
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

    /// A path from the project's root, as it is opened from where the user stands.
    func path(ofProjectFile path: String) -> String { prefix + path }
}
