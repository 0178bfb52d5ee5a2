import Execution
import SystemCalls
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What lies among a step's outputs and is not in an entry: none of it may be there after a restore.
///
/// Only what the step itself has left, and nobody has changed since, is removed. Anything else keeps the
/// entry from being used: the step that runs then deals with it as it always does.
struct ExtraOutputs {
    private let strays: [Stray]

    private struct Stray {
        var path: ProjectPath
        var facts: FileStamp
    }

    var count: Int { strays.count }

    /// Looks for them; nothing is changed.
    ///
    /// - Parameters:
    ///   - manifest: What the entry holds.
    ///   - outputs: The patterns that the step declares.
    ///   - left: What its last success has left, as far as that is known.
    ///   - root: The project root, absolute.
    /// - Throws: ``CacheError`` where there is one that may not be removed.
    init(
        beside manifest: CacheManifest, outputs: [String], left: [FileRecord], root: String
    ) throws(CacheError) {
        guard let patterns = CachePatterns(outputs)?.patterns else {
            strays = []
            return
        }
        let kept = ExtraOutputs.paths(of: manifest)
        let entries = (FileScanner.entries(of: patterns, root: root) ?? []).filter {
            !kept.contains($0.path)
        }
        guard !entries.isEmpty else {
            strays = []
            return
        }
        let known = Dictionary(left.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let all = Set(entries.map(\.path))
        var looker = FileHasher(root: root)
        let tree = try CacheError.meet { () throws(SystemError) in try ProjectTree(root: root) }
        var strays: [Stray] = []
        // The inner ones first, so that a directory is empty when its turn comes.
        for entry in entries.reversed() {
            let shown = DisplayText.fileName(entry.path)
            guard let path = ProjectPath(entry.path), let old = known[entry.path],
                looker.isUnchanged(entry, since: old, patterns),
                entry.facts.kind != .directory
                    || ExtraOutputs.holdsNothingElse(entry.path, than: all, root: root)
            else {
                throw .unfit(
                    "`\(shown)` is not in it, and is not what the step's last success left there")
            }
            guard let facts = try ExtraOutputs.facts(of: path, in: tree) else { continue }
            strays.append(Stray(path: path, facts: facts))
        }
        self.strays = strays
    }

    /// Removes them.
    ///
    /// - Parameters:
    ///   - tree: The project.
    ///   - before: Called before each with its number.
    /// - Throws: ``CacheError`` where one has changed since it was looked at, or stays.
    func remove(
        from tree: ProjectTree, before: (Int) -> Void
    ) throws(CacheError) {
        for (number, stray) in strays.enumerated() {
            before(number)
            guard let facts = try ExtraOutputs.facts(of: stray.path, in: tree) else { continue }
            let isDirectory = facts.kind == .directory
            guard isDirectory ? stray.facts.kind == .directory : facts == stray.facts else {
                throw .unfit("`\(stray.path.shown)` is being changed")
            }
            let parent = try CacheError.meet { () throws(SystemError) in
                try tree.parent(of: stray.path)
            }
            guard
                unlinkat(parent, stray.path.name, isDirectory ? AT_REMOVEDIR : 0) == 0
                    || errno == ENOENT
            else { throw .failure("remove", stray.path.shown) }
        }
    }

    /// What an entry holds, with the directories above.
    private static func paths(of manifest: CacheManifest) -> Set<[UInt8]> {
        var paths: Set<[UInt8]> = []
        for part in manifest.outputs {
            var path = part.path[...]
            while paths.insert(Array(path)).inserted,
                let end = path.lastIndex(of: UInt8(ascii: "/"))
            {
                path = path[..<end]
            }
        }
        return paths
    }

    private static func holdsNothingElse(
        _ directory: [UInt8], than paths: Set<[UInt8]>, root: String
    ) -> Bool {
        guard let stream = InputPath.with(root, directory, { opendir($0) }) else { return false }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
            guard paths.contains(directory + [UInt8(ascii: "/")] + name) else { return false }
        }
        return true
    }

    /// How something looks, but for the moment at which it got another name; nil where it is gone.
    private static func facts(
        of path: ProjectPath, in tree: ProjectTree
    ) throws(CacheError) -> FileStamp? {
        let parent: Int32
        do throws(SystemError) {
            parent = try tree.parent(of: path)
        } catch {
            if error.isAbsence { return nil }
            throw .unfit(error.description)
        }
        var found = stat()
        guard fstatat(parent, path.name, &found, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return nil }
            throw .failure("look at", path.shown)
        }
        var facts = FileStamp(found)
        facts.changedAt = 0
        return facts
    }
}
