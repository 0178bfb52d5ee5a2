import Execution
import FileState
import Platform
import SystemCalls
import WorkflowModel

/// Files among a step's outputs that are not in an entry: none of them may exist after a restore.
///
/// Only files that the step's last success left unchanged are removed. Any other file keeps the
/// entry from being used: the step then runs and handles the file as usual.
struct ExtraOutputs {
    private let strays: [Stray]

    private struct Stray {
        var path: ProjectPath
        var facts: FileStamp
    }

    package var count: Int { strays.count }

    /// Finds the extra outputs; changes nothing.
    ///
    /// - Parameters:
    ///   - manifest: The manifest of the entry.
    ///   - outputs: The patterns that the step declares.
    ///   - left: The files that its last success left, if known.
    ///   - root: The project root, absolute.
    /// - Throws: ``CacheError`` when there is one that must not be removed.
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
        var hasher = FileHasher(root: root)
        let tree = try CacheError.meet { () throws(SystemError) in try ProjectTree(root: root) }
        var strays: [Stray] = []
        // Inner paths first, so that a directory is empty when it is removed.
        for entry in entries.reversed() {
            let shown = DisplayText.fileName(entry.path)
            guard let path = ProjectPath(entry.path), let old = known[entry.path],
                hasher.isUnchanged(entry, since: old, patterns),
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

    /// Removes the extra outputs.
    ///
    /// - Parameters:
    ///   - tree: The project.
    ///   - before: Called before each with its number.
    /// - Throws: ``CacheError`` when one has changed since it was found, or cannot be removed.
    package func remove(
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

    /// The paths in an entry, with the directories above them.
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

    /// The stamp of a file, without the time of its last rename; nil when it does not exist.
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
