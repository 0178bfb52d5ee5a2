import Execution
import FileState
import Platform
import StateStore
import SystemCalls
import WorkflowModel

/// Why an entry is not a hit: a clause.
package enum CacheError: Error {
    /// It is permanently unusable.
    case damage(String)
    /// It cannot be restored at present.
    case unfit(String)

    /// Converts a system error to a reason not to use an entry at present.
    static func meet<Value>(
        _ body: () throws(SystemError) -> Value
    ) throws(CacheError) -> Value {
        do {
            return try body()
        } catch {
            throw .unfit(error.description)
        }
    }

    /// Converts the call that has just failed to such a reason; reads `errno`.
    package static func failure(_ call: String, _ subject: String) -> CacheError {
        .unfit(SystemError(call, subject).description)
    }
}

/// Restores the outputs of one entry, or none.
///
/// Everything is first written under temporary names and verified while it is copied; only when all
/// files are complete are they renamed, each atomically. A failure in the middle means no hit: the
/// step runs and writes all outputs again.
struct CacheRestoring {
    private let entry: Int32
    private let manifest: CacheManifest
    private let cache: StepCache
    private let tree: ProjectTree
    /// Distinguishes the temporary names from those of another restore.
    private let number: Int
    /// Files that are ready to be renamed.
    private var staged: [Staged] = []
    /// Files that are not in the entry and must be removed.
    private let strays: ExtraOutputs

    /// A file or link waiting to be renamed, with its temporary name in the staging directory or
    /// beside its target.
    private struct Staged {
        var path: ProjectPath
        var name: String
        var isBeside: Bool
        var isPlaced = false
    }

    /// Reads the manifest of an entry, and checks it against the step's declarations.
    init(
        _ entry: borrowing CacheDirectory.OpenEntry, of fingerprint: Digest, outputs: [String],
        left: [FileRecord], cache: StepCache
    ) throws(CacheError) {
        self.entry = entry.file.number
        self.cache = cache
        number = cache.nextRestore()
        manifest = try CacheCheck.manifest(of: entry, madeFrom: fingerprint, outputs: outputs)
        tree = try CacheError.meet { () throws(SystemError) in
            try ProjectTree(root: cache.root)
        }
        strays = try ExtraOutputs(
            beside: manifest, outputs: outputs, left: left, root: cache.root)
    }

    /// Performs the restore.
    ///
    /// - Parameters:
    ///   - step: The step's id.
    ///   - run: The run that gets the log and the result.
    /// - Returns: What was restored.
    /// - Throws: Why nothing was.
    package mutating func run(step: String, into run: RunDirectory) throws(CacheError)
        -> CachedEntry
    {
        var isDone = false
        defer { if !isDone { undo() } }
        var files = 0
        for part in manifest.outputs {
            try stage(part)
            files += 1
        }
        try verifyLog()
        let result = try self.result()
        do throws(CacheError) {
            if let result {
                try CacheError.meet { () throws(SystemError) in
                    try run.writeResult(result, of: step)
                }
            }
            try place()
            try strays.remove(from: tree) { cache.beforePlacing(staged.count + $0) }
            try setDirectoryModes()
        } catch {
            run.removeResult(of: step)
            throw error
        }
        isDone = true
        var cached = CachedEntry(
            run: manifest.run, project: manifest.project, files: files,
            logBytes: manifest.part(.log)?.size ?? 0)
        do throws(SystemError) {
            try replay(into: run, step: step)
        } catch {
            cached.concern = "its log was not replayed: \(error.description)"
        }
        return cached
    }

    // MARK: Staging

    private mutating func stage(_ part: CacheManifest.Part) throws(CacheError) {
        let path = try CacheCheck.path(of: part)
        let parent = try self.parent(of: path)
        let isThere = try CacheCheck.isThere(part, at: path, in: parent)
        switch part.kind {
        case .directory:
            if isThere { return }
            guard mkdirat(parent, path.name, 0o777) == 0 else {
                throw .failure("make the directory", path.shown)
            }
            tree.noteMade(path)
        case .file, .link:
            let place = try makeReady(path, in: parent)
            if part.kind == .link {
                guard
                    symlinkat(
                        part.target.map(CChar.init(bitPattern:)) + [0], place.directory, place.name)
                        == 0
                else { throw .failure("link", path.shown) }
            } else {
                try copy(part, to: place.name, in: place.directory)
            }
        case .log, .result: break
        }
    }

    private func parent(of path: ProjectPath) throws(CacheError) -> Int32 {
        try CacheError.meet { () throws(SystemError) in try tree.parent(of: path, make: true) }
    }

    /// A temporary name: in the staging directory, or beside the target when that is on another
    /// file system, across which a rename is impossible.
    private mutating func makeReady(
        _ path: ProjectPath, in parent: Int32
    ) throws(CacheError) -> (directory: Int32, name: String) {
        var (here, there) = (stat(), stat())
        guard fstat(cache.staging.number, &here) == 0, fstat(parent, &there) == 0 else {
            throw .failure("look at", path.shown)
        }
        let isBeside = here.st_dev != there.st_dev
        let mark = "\(number)-\(staged.count)"
        let name = isBeside ? ".stepvisor-\(getpid())-\(mark)" : mark
        staged.append(Staged(path: path, name: name, isBeside: isBeside))
        let directory = isBeside ? parent : cache.staging.number
        unlinkat(directory, name, 0)
        return (directory, name)
    }

    private func copy(
        _ part: CacheManifest.Part, to name: String, in directory: Int32
    ) throws(CacheError) {
        let shown = DisplayText.fileName(part.path)
        let number = stepvisor_open_at(directory, name, O_RDWR | O_CREAT | O_EXCL, 0o600)
        guard number >= 0 else { throw .failure("write", shown) }
        let file = Descriptor(owning: number)
        let copy = CacheContent.copy(
            entry, from: part.offset, size: part.size, to: number, at: 0)
        guard copy.writeError == 0 else {
            throw .unfit(SystemError("write", shown, code: copy.writeError).description)
        }
        try CacheCheck.verify(copy, part)
        // A shared block may contain the beginning of the next part.
        if part.size >= CacheContent.cloned, ftruncate(file.number, off_t(part.size)) != 0 {
            throw .failure("write", shown)
        }
        guard fchmod(file.number, mode_t(part.mode)) == 0 else {
            throw .failure("set the rights of", shown)
        }
    }

    private func verifyLog() throws(CacheError) {
        guard let log = manifest.part(.log) else { return }
        try CacheCheck.verify(
            CacheContent.copy(entry, from: log.offset, size: log.size, to: nil, at: 0), log)
    }

    /// What the step wrote to `STEPVISOR_OUTPUT`; nil when it wrote nothing.
    private func result() throws(CacheError) -> [UInt8]? {
        guard let part = manifest.part(.result) else { return nil }
        var bytes: [UInt8] = []
        let copy = CacheContent.copy(
            entry, from: part.offset, size: part.size, to: nil, at: 0
        ) { bytes += $0 }
        try CacheCheck.verify(copy, part)
        return bytes
    }

    // MARK: Renaming

    private mutating func place() throws(CacheError) {
        for number in staged.indices {
            cache.beforePlacing(number)
            let file = staged[number]
            let parent = try self.parent(of: file.path)
            let source = file.isBeside ? parent : cache.staging.number
            let code = file.name.withCString {
                renameat(source, $0, parent, file.path.name)
            }
            guard code == 0 else { throw .failure("write", file.path.shown) }
            staged[number].isPlaced = true
        }
    }

    /// Sets the modes of inner directories first: a directory without write permission may also
    /// lack permission to enter it.
    private func setDirectoryModes() throws(CacheError) {
        for part in manifest.parts.reversed() where part.kind == .directory {
            guard let path = ProjectPath(part.path) else { continue }
            let parent = try self.parent(of: path)
            let number = stepvisor_open_at(parent, path.name, O_RDONLY | O_DIRECTORY, 0)
            guard number >= 0 else { throw .failure("open", path.shown) }
            let directory = Descriptor(owning: number)
            var facts = stat()
            guard fstat(directory.number, &facts) == 0 else {
                throw .failure("look at", path.shown)
            }
            if facts.st_mode & 0o777 == mode_t(part.mode) { continue }
            guard fchmod(directory.number, mode_t(part.mode)) == 0 else {
                throw .failure("set the rights of", path.shown)
            }
        }
    }

    private func replay(into run: RunDirectory, step: String) throws(SystemError) {
        let log = try run.openLog(of: step)
        try FileBytes.write(
            Array("stepvisor: replayed from run \(manifest.run)\n".utf8), to: log.number,
            subject: "\(step).log")
        guard let part = manifest.part(.log) else { return }
        var offset: UInt64 = 0
        while offset < part.size {
            let bytes = FileBytes.read(
                entry, offset: Int64(part.offset + offset),
                limit: Int(min(UInt64(CacheContent.chunk), part.size - offset)))
            if bytes.isEmpty { return }
            try FileBytes.write(bytes, to: log.number, subject: "\(step).log")
            offset += UInt64(bytes.count)
        }
    }

    /// Removes temporary files, and directories that were created for nothing.
    private func undo() {
        for file in staged where !file.isPlaced {
            if !file.isBeside {
                unlinkat(cache.staging.number, file.name, 0)
            } else if let parent = try? tree.parent(of: file.path) {
                unlinkat(parent, file.name, 0)
            }
        }
        tree.removeMade()
    }
}
