import Platform
import WorkflowModel

/// Where the cache is when the environment names a place.
package enum CachePlace {
    /// The variable that names another place than `.stepvisor/cache`.
    package static let variable = "STEPVISOR_CACHE"

    /// The cache's path relative to the project root, if `STEPVISOR_CACHE` is set to a location
    /// inside it.
    package static func path(in root: String) -> String? {
        guard let bytes = ProcessEnvironment.variable(variable), !bytes.isEmpty else { return nil }
        let named = String(decoding: bytes, as: UTF8.self)
        let path = Glob.normalized(Glob.located(named, root: root))
        let isOutside = path.hasPrefix("/") || path == ".." || path.hasPrefix("../")
        return path.isEmpty || isOutside ? nil : path
    }
}
