import Execution
import FileState
package import Platform
import Processes
import StateStore
import SystemCalls
import WorkflowModel

/// Why nothing was stored.
package enum CacheRefusal: Error {
    /// The outputs cannot be stored: a clause.
    case output(String)
    /// The cache cannot be written.
    case cache(SystemError)
}

/// Writes one entry: outputs, log and result of a step, read once and hashed on the way.
struct CacheStore {
    private let fingerprint: Digest
    private let step: String
    private let run: RunDirectory
    private let log: Range<UInt64>?
    /// The digests of the files when the step had ended.
    private let expected: [[UInt8]: Digest]?
    private let cache: StepCache
    private let tree: ProjectTree
    private let patterns: CachePatterns
    private var manifest: CacheManifest
    /// The offset of the next content.
    private var end: UInt64 = 0

    /// Finds what there is to store.
    init(
        _ fingerprint: Digest, of step: String, outputs: [String], run: RunDirectory,
        log: Range<UInt64>?, expecting expected: [[UInt8]: Digest]?, cache: StepCache
    ) throws(CacheRefusal) {
        self.fingerprint = fingerprint
        self.step = step
        self.run = run
        self.log = log
        self.expected = expected
        self.cache = cache
        do throws(SystemError) {
            tree = try ProjectTree(root: cache.root)
        } catch {
            throw .output(error.description)
        }
        guard let patterns = CachePatterns(outputs) else {
            throw .output("a pattern of its outputs is none")
        }
        self.patterns = patterns
        manifest = CacheManifest(
            fingerprint: fingerprint, createdAt: RunClock.wallTime().microseconds, run: run.id,
            step: step, project: cache.root, parts: [])
        manifest.parts = try CacheStore.outputs(patterns, in: cache)
        manifest.parts.append(.init(kind: .log, digest: Digest(SHA256())))
        if run.hasResult(of: step) { manifest.parts.append(.init(kind: .result)) }
    }

    // MARK: Finding outputs

    private static func outputs(
        _ patterns: CachePatterns, in cache: StepCache
    ) throws(CacheRefusal) -> [CacheManifest.Part] {
        // Every scan skips stepvisor's own files, so they would be stored as nothing.
        for glob in patterns.patterns.included {
            let path = Array((glob.literal ?? glob.directory).utf8)
            if InputPath.isState(path) {
                let shown = DisplayText.fileName(path)
                throw .output("its output `\(shown)` does not lie in the project")
            }
        }
        let entries = FileScanner.entries(of: patterns.patterns, root: cache.root) ?? []
        var parts: [CacheManifest.Part] = []
        var size: Int64 = 0
        for entry in entries {
            let shown = DisplayText.fileName(entry.path)
            guard ProjectPath(entry.path) != nil else {
                throw .output("its output `\(shown)` does not lie in the project")
            }
            guard cache.mask.masked(entry.path) == entry.path else {
                throw .output("the name of an output holds a secret")
            }
            switch entry.facts.kind {
            case .file:
                parts.append(.init(kind: .file, path: entry.path))
                size += entry.facts.size
            case .directory: parts.append(.init(kind: .directory, path: entry.path))
            case .link: parts.append(.init(kind: .link, path: entry.path))
            case .fifo: throw .output("its output `\(shown)` is a pipe")
            case .socket: throw .output("its output `\(shown)` is a socket")
            case .device: throw .output("its output `\(shown)` is a device")
            case .unreadable:
                let reason = SystemError.text(of: entry.facts.error)
                throw .output("its output `\(shown)` cannot be looked at: \(reason)")
            }
        }
        guard size <= cache.limits.maxSize else {
            throw .output("its outputs are larger than the cache may be (`max_size`)")
        }
        return parts
    }

    // MARK: Writing

    /// Writes the entry, and returns its size in bytes.
    package func write() throws(CacheRefusal) -> UInt64 {
        var copy = self
        let temporary = try CacheStore.meet { () throws(SystemError) in
            try cache.directory.temporary()
        }
        do throws(CacheRefusal) {
            try copy.fill(temporary.file.number)
            try CacheStore.meet { () throws(SystemError) in
                try cache.directory.publish(temporary, as: fingerprint)
            }
        } catch {
            cache.directory.discard(temporary.name)
            throw error
        }
        return copy.end
    }

    private static func meet<Value>(
        _ body: () throws(SystemError) -> Value
    ) throws(CacheRefusal) -> Value {
        do {
            return try body()
        } catch {
            throw .cache(error)
        }
    }

    private mutating func fill(_ target: Int32) throws(CacheRefusal) {
        try readLinks()
        end = UInt64(manifest.encoded(total: 0).count)
        for number in manifest.parts.indices {
            switch manifest.parts[number].kind {
            case .file: try addFile(number, to: target)
            case .directory: try addDirectory(number)
            case .log: try addLog(number, to: target)
            case .result: try addResult(number, to: target)
            case .link: break
            }
        }
        guard end <= UInt64(clamping: cache.limits.maxSize) else {
            throw .output("outputs and log are larger than the cache may be (`max_size`)")
        }
        let beginning = manifest.encoded(total: end)
        let code = beginning.withUnsafeBytes { CacheContent.write($0, to: target, at: 0) }
        guard code == 0, ftruncate(target, off_t(end)) == 0 else {
            throw .cache(
                SystemError("write", cache.directory.shown, code: code == 0 ? errno : code))
        }
    }

    /// Reads the targets of links, which decide the length of the manifest.
    private mutating func readLinks() throws(CacheRefusal) {
        for number in manifest.parts.indices where manifest.parts[number].kind == .link {
            let (path, parent) = try place(of: manifest.parts[number])
            var buffer = [CChar](repeating: 0, count: ProjectPath.longest + 1)
            let count = readlinkat(parent, path.name, &buffer, buffer.count)
            guard count > 0, count < buffer.count else {
                throw .output("its output `\(path.shown)` cannot be read")
            }
            let target = buffer[..<count].map(UInt8.init(bitPattern:))
            guard !patterns.name(path.text) || leadsToOutput(target, from: path) else {
                // The step may have written through it: the link alone would be half its output.
                throw .output("its output `\(path.shown)` is a link to what is not kept")
            }
            manifest.parts[number].target = target
        }
    }

    /// Whether a link leads to something that is stored too.
    private func leadsToOutput(_ target: [UInt8], from path: ProjectPath) -> Bool {
        var names = path.bytes.split(separator: UInt8(ascii: "/")).dropLast().map(Array.init)
        guard target.first != UInt8(ascii: "/") else { return false }
        for name in target.split(separator: UInt8(ascii: "/")) where !name.elementsEqual(".".utf8) {
            if name.elementsEqual("..".utf8) {
                guard names.popLast() != nil else { return false }
            } else {
                names.append(Array(name))
            }
        }
        let end = Array(names.joined(separator: [UInt8(ascii: "/")]))
        return manifest.parts.contains { $0.path == end && $0.kind != .link }
    }

    /// Adds the content of a file, unless it changes meanwhile or contains a secret.
    private mutating func addFile(_ number: Int, to target: Int32) throws(CacheRefusal) {
        let (path, parent) = try place(of: manifest.parts[number])
        let source = stepvisor_open_at(parent, path.name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0)
        guard source >= 0 else {
            throw .output(SystemError("read", path.shown).description)
        }
        let file = Descriptor(owning: source)
        var (before, after) = (stat(), stat())
        guard fstat(file.number, &before) == 0, before.st_mode & S_IFMT == S_IFREG else {
            throw .output("its output `\(path.shown)` changed while it was being kept")
        }
        manifest.parts[number].mode = UInt16(before.st_mode & 0o777)
        let size = try add(
            number, from: file.number, range: 0..<UInt64(before.st_size), named: path.shown,
            to: target)
        guard size == UInt64(before.st_size), fstat(file.number, &after) == 0,
            FileStamp(before) == FileStamp(after),
            expected.map({ $0[path.bytes] == manifest.parts[number].digest }) ?? true
        else { throw .output("its output `\(path.shown)` changed while it was being kept") }
    }

    private mutating func addDirectory(_ number: Int) throws(CacheRefusal) {
        let (path, parent) = try place(of: manifest.parts[number])
        var facts = stat()
        guard fstatat(parent, path.name, &facts, AT_SYMLINK_NOFOLLOW) == 0,
            facts.st_mode & S_IFMT == S_IFDIR
        else { throw .output("its output `\(path.shown)` changed while it was being kept") }
        manifest.parts[number].mode = UInt16(facts.st_mode & 0o777)
    }

    /// Adds the log with secrets masked: users of the cache may not be those of the run.
    private mutating func addLog(_ number: Int, to target: Int32) throws(CacheRefusal) {
        guard let file = run.readLog(of: step), let size = file.size else { return }
        let begin = UInt64(LogSection.start(of: file, step: step, run: run.id))
        let range = (log ?? begin..<UInt64(size)).clamped(to: begin..<UInt64(size))
        guard !cache.mask.isEmpty else {
            _ = try add(number, from: file.number, range: range, named: "log", to: target)
            return
        }
        var stream = SecretMask.Stream(cache.mask)
        var hash = SHA256()
        let start = end
        func write(_ bytes: [UInt8]) throws(CacheRefusal) {
            hash.update(bytes)
            let code = bytes.withUnsafeBytes { CacheContent.write($0, to: target, at: end) }
            guard code == 0 else {
                throw .cache(SystemError("write", cache.directory.shown, code: code))
            }
            end += UInt64(bytes.count)
        }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let bytes = FileBytes.read(
                file.number, offset: Int64(offset),
                limit: Int(min(UInt64(CacheContent.chunk), range.upperBound - offset)))
            if bytes.isEmpty { break }
            offset += UInt64(bytes.count)
            try write(stream.take(bytes))
        }
        try write(stream.finish())
        manifest.parts[number].offset = start
        manifest.parts[number].size = end - start
        manifest.parts[number].digest = Digest(hash)
    }

    private mutating func addResult(_ number: Int, to target: Int32) throws(CacheRefusal) {
        guard let file = PrivateFile.reading(["outputs", step], in: run.descriptor),
            let size = file.size
        else { throw .output("its result cannot be read") }
        _ = try add(
            number, from: file.number, range: 0..<UInt64(size), named: "result", to: target)
    }

    // MARK: Contents

    private func place(
        of part: CacheManifest.Part
    ) throws(CacheRefusal) -> (path: ProjectPath, parent: Int32) {
        guard let path = ProjectPath(part.path) else {
            throw .output("an output does not lie in the project")
        }
        do throws(SystemError) {
            return (path, try tree.parent(of: path))
        } catch {
            throw .output(error.description)
        }
    }

    /// Adds bytes of a file as the content of a part, and returns their number.
    private mutating func add(
        _ number: Int, from source: Int32, range: Range<UInt64>, named name: String,
        to target: Int32
    ) throws(CacheRefusal) -> UInt64 {
        let size = UInt64(range.count)
        // Every byte of an entry belongs to some part, except gaps before contents.
        let step = size >= CacheContent.cloned ? CacheContent.block : size > 0 ? 8 : 1
        end = (end + step - 1) / step * step
        var secrets = cache.mask.isEmpty ? nil : SecretSearch(cache.mask)
        let look: (UnsafeRawBufferPointer) -> Void = { secrets?.look(at: $0) }
        let copy = CacheContent.copy(
            source, from: range.lowerBound, size: size, to: target, at: end,
            look: cache.mask.isEmpty ? nil : look)
        guard copy.writeError == 0 else {
            throw .cache(SystemError("write", cache.directory.shown, code: copy.writeError))
        }
        guard copy.readError == 0 else {
            throw .output(SystemError("read", name, code: copy.readError).description)
        }
        if secrets?.hasFound() == true {
            throw .output("`\(name)` holds the value of a secret")
        }
        manifest.parts[number].offset = end
        manifest.parts[number].size = copy.size
        manifest.parts[number].digest = copy.digest
        end += copy.size
        return copy.size
    }
}

/// Whether bytes contain a secret: masking one makes the text shorter.
private struct SecretSearch {
    private var stream: SecretMask.Stream
    private var given = 0
    private var taken = 0

    init(_ mask: SecretMask) { stream = SecretMask.Stream(mask) }

    mutating func look(at bytes: UnsafeRawBufferPointer) {
        given += bytes.count
        taken += stream.take(Array(bytes)).count
    }

    mutating func hasFound() -> Bool {
        taken += stream.finish().count
        return taken != given
    }
}

extension RunDirectory {
    /// Whether a step has written to its `STEPVISOR_OUTPUT` file.
    package func hasResult(of step: String) -> Bool {
        var facts = stat()
        return fstatat(descriptor, "outputs/\(step)", &facts, AT_SYMLINK_NOFOLLOW) == 0
    }
}
