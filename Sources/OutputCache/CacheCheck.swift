import Execution
import Platform
import SystemCalls
import WorkflowModel

/// Checks an entry before any of it is restored.
enum CacheCheck {
    /// Reads the manifest of an entry, and checks it against the declarations of a step.
    static func manifest(
        of entry: borrowing CacheDirectory.OpenEntry, madeFrom fingerprint: Digest,
        outputs: [String]
    ) throws(CacheError) -> CacheManifest {
        let manifest: CacheManifest
        do throws(CacheDamage) {
            manifest = try read(entry)
        } catch {
            throw .damage(error.reason)
        }
        guard manifest.fingerprint == fingerprint else {
            throw .damage("it was made from something else than its name says")
        }
        guard let patterns = CachePatterns(outputs) else {
            throw .unfit("a pattern of the step's outputs is none")
        }
        let paths = manifest.outputs.map { String(decoding: $0.path, as: UTF8.self) }
        if let stranger = zip(paths, manifest.outputs).first(where: { !patterns.mean($0.0) })?.1 {
            let shown = DisplayText.fileName(stranger.path)
            throw .damage("it holds `\(shown)`, which is no output of the step")
        }
        if let unmet = patterns.unmet(by: paths) {
            throw .damage("it holds nothing of the output `\(unmet)`")
        }
        return manifest
    }

    private static func read(
        _ entry: borrowing CacheDirectory.OpenEntry
    ) throws(CacheDamage) -> CacheManifest {
        // Most manifests are complete after the first read.
        var bytes = FileBytes.read(
            entry.file.number, offset: 0, limit: min(1 << 16, Int(clamping: entry.size)))
        let (length, total) = try CacheManifest.lengths(of: bytes)
        guard total == entry.size else {
            throw CacheDamage("it is cut off, or something follows it")
        }
        let wanted = CacheManifest.headerSize + length
        if bytes.count < wanted {
            bytes += FileBytes.read(
                entry.file.number, offset: Int64(bytes.count), limit: wanted - bytes.count)
        }
        return try CacheManifest(decoding: bytes)
    }

    /// Throws when the content differs from the list of parts.
    package static func verify(
        _ copy: CacheContent.Copy, _ part: CacheManifest.Part
    ) throws(CacheError) {
        guard copy.readError == 0 else {
            throw .unfit("it cannot be read: \(SystemError.text(of: copy.readError))")
        }
        guard copy.size == part.size, copy.digest == part.digest else {
            let shown = DisplayText.fileName(part.path)
            let what =
                part.kind == .file ? "`\(shown)`" : part.kind == .log ? "the log" : "the result"
            throw .damage("the content of \(what) is damaged")
        }
    }

    /// The path of an output.
    package static func path(of part: CacheManifest.Part) throws(CacheError) -> ProjectPath {
        guard let path = ProjectPath(part.path) else {
            throw .damage("it holds a path that leads out of the project")
        }
        return path
    }

    /// Throws when something that the output cannot replace lies at its path.
    ///
    /// - Returns: Whether it is an existing directory.
    static func isThere(
        _ part: CacheManifest.Part, at path: ProjectPath, in parent: Int32
    ) throws(CacheError) -> Bool {
        var facts = stat()
        guard fstatat(parent, path.name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else { return false }
        let isDirectory = facts.st_mode & S_IFMT == S_IFDIR
        guard isDirectory == (part.kind == .directory) else {
            throw .unfit(
                isDirectory
                    ? "a directory is in the place of `\(path.shown)`"
                    : "`\(path.shown)` is a link, or no directory")
        }
        return isDirectory
    }
}
