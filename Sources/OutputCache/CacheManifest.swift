package import Execution
import WorkflowModel

/// The manifest at the beginning of a cache entry, with a SHA-256 over it.
///
/// Its length depends only on the paths, so it can be written last and stand first.
package struct CacheManifest: Hashable, Sendable {
    /// The kind of a part; the raw values are stored in the files.
    package enum Kind: UInt8, Sendable {
        case file = 1
        case directory, link
        /// The step's log.
        case log
        /// The step's `STEPVISOR_OUTPUT` file.
        case result
    }

    /// One output, or the log, or the result.
    package struct Part: Hashable, Sendable {
        package var kind: Kind
        /// Relative to the project root; empty for log and result.
        package var path: [UInt8] = []
        /// The nine permission bits.
        package var mode: UInt16 = 0
        /// The target of a link, as written.
        package var target: [UInt8] = []
        /// The offset of its content in the entry, and its size in bytes.
        package var offset: UInt64 = 0
        package var size: UInt64 = 0
        package var digest = Digest.zero
    }

    /// The fingerprint of the inputs.
    package var fingerprint: Digest
    /// Creation time in microseconds since 1970.
    var createdAt: Int64 = 0
    /// The run that produced it.
    package var run: String
    package var step: String
    /// The root of the project that produced it.
    package var project: String
    package var parts: [Part]

    package static let version: UInt32 = 1
    /// Bytes before the manifest.
    static let headerSize = 64
    /// A longer manifest was not written by this program.
    static let longest = 1 << 28
    private static let magic = Array("stepvisor-cache\n".utf8)

    /// The outputs.
    package var outputs: some Sequence<Part> { parts.lazy.filter { !$0.path.isEmpty } }

    /// The log or the result, if the entry has one.
    package func part(_ kind: Kind) -> Part? { parts.first { $0.kind == kind } }

    /// Header and manifest of an entry with this total size in bytes.
    func encoded(total: UInt64) -> [UInt8] {
        var body = RecordWriter()
        body.raw(fingerprint.bytes)
        body.number(createdAt)
        body.text(run)
        body.text(step)
        body.text(project)
        body.count(parts.count)
        for part in parts {
            body.kind(part.kind)
            body.number(part.mode)
            body.blob(part.path)
            body.blob(part.target)
            body.number(part.offset)
            body.number(part.size)
            body.raw(part.digest.bytes)
        }
        var header = RecordWriter()
        header.raw(CacheManifest.magic)
        header.number(CacheManifest.version)
        header.count(body.bytes.count)
        header.number(total)
        let seal = CacheManifest.seal(header.bytes, body.bytes)
        return header.bytes + seal.bytes + body.bytes
    }

    /// The lengths in the header: of the manifest, and of the whole entry.
    ///
    /// - Throws: ``CacheDamage`` when another program, or another version, wrote it.
    static func lengths(of header: [UInt8]) throws(CacheDamage) -> (manifest: Int, total: UInt64) {
        guard header.count >= headerSize else { throw CacheDamage("it is cut off") }
        guard header.starts(with: magic) else { throw CacheDamage("it is no entry of a cache") }
        let numbers = try? RecordReader.read(header[magic.count...]) {
            reader throws(DamagedBytes) -> (UInt32, UInt32, UInt64) in
            (try reader.number(), try reader.number(), try reader.number())
        }
        guard let (version, length, total) = numbers else { throw CacheDamage("it is cut off") }
        guard version == Self.version else {
            throw CacheDamage("it has the form of another version of stepvisor (\(version))")
        }
        guard length <= longest else { throw CacheDamage("its list of parts is damaged") }
        return (Int(length), total)
    }

    fileprivate static func seal(_ header: [UInt8], _ body: [UInt8]) -> Digest {
        var hash = SHA256()
        hash.update(header)
        hash.update(body)
        return Digest(hash)
    }
}

extension CacheManifest {
    /// Reads header and manifest.
    init(decoding bytes: [UInt8]) throws(CacheDamage) {
        let (length, total) = try CacheManifest.lengths(of: bytes)
        let end = CacheManifest.headerSize + length
        guard bytes.count >= end else { throw CacheDamage("it is cut off") }
        let body = Array(bytes[CacheManifest.headerSize..<end])
        let seal = Digest(bytes: bytes[32..<CacheManifest.headerSize])
        guard seal == CacheManifest.seal(Array(bytes[..<32]), body) else {
            throw CacheDamage("its list of parts is damaged")
        }
        guard let manifest = CacheManifest(body: body) else {
            throw CacheDamage("its list of parts makes no sense")
        }
        self = manifest
        for part in parts {
            let (last, overflow) = part.offset.addingReportingOverflow(part.size)
            guard !overflow, last <= total, part.size == 0 || part.offset >= UInt64(end) else {
                throw CacheDamage("its list of parts makes no sense")
            }
        }
    }

    private init?(body: [UInt8]) {
        let manifest = try? RecordReader.read(body[...]) { reader throws(DamagedBytes) in
            try CacheManifest(from: &reader)
        }
        guard let manifest, manifest.isInOrder else { return nil }
        self = manifest
    }

    private init(from reader: inout RecordReader) throws(DamagedBytes) {
        self.init(
            fingerprint: try reader.bigEndianDigest(), createdAt: try reader.number(),
            run: try reader.text(), step: try reader.text(), project: try reader.text(),
            parts: try reader.list(ofSize: 59) { reader throws(DamagedBytes) in
                try Part(from: &reader)
            })
        guard reader.isAtEnd else { throw DamagedBytes() }
    }

    /// Whether the outputs are sorted and unique, followed by at most one log and one result, which
    /// have no path.
    private var isInOrder: Bool {
        let outputs = parts.prefix { !$0.path.isEmpty }
        guard
            zip(outputs, outputs.dropFirst()).allSatisfy({
                $0.path.lexicographicallyPrecedes($1.path)
            })
        else { return false }
        let rest = parts[outputs.count...].map(\.kind)
        return outputs.allSatisfy { [.file, .directory, .link].contains($0.kind) }
            && rest.allSatisfy { $0 == .log || $0 == .result } && Set(rest).count == rest.count
    }
}

/// Why an entry can never be used: a clause about it.
struct CacheDamage: Error, Hashable {
    package var reason: String
    init(_ reason: String) { self.reason = reason }
}

extension CacheManifest.Part {
    fileprivate init(from reader: inout RecordReader) throws(DamagedBytes) {
        self.init(kind: try reader.kind())
        mode = try reader.number(UInt16.self) & 0o777
        path = Array(try reader.blob())
        target = Array(try reader.blob())
        offset = try reader.number()
        size = try reader.number()
        digest = try reader.bigEndianDigest()
    }
}

extension RecordReader {
    /// The bytes of a digest, most significant first.
    fileprivate mutating func bigEndianDigest() throws(DamagedBytes) -> Digest {
        guard let digest = Digest(bytes: try raw(32)) else { throw DamagedBytes() }
        return digest
    }
}
