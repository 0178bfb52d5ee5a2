import WorkflowModel

/// What stands before the workflow in a snapshot: whose it is, and all that it was made of.
struct SnapshotHeader: Hashable {
    struct File: Hashable {
        var file: LoadTrace.File
        var digest: [UInt8]
    }

    struct Directory: Hashable {
        var place: LoadTrace.Place
        /// Of its names.
        var digest: [UInt8]
    }

    var program: String
    var place: SnapshotPlace
    var workflowFile: String
    var files: [File]
    var directories: [Directory]
    var bystanders: [LoadTrace.Bystander]

    init(
        program: String, place: SnapshotPlace, workflowFile: String, trace: LoadTrace,
        fileDigests: [[UInt8]], directoryDigests: [[UInt8]]
    ) {
        self.program = program
        self.place = place
        self.workflowFile = workflowFile
        files = zip(trace.files, fileDigests).map { File(file: $0, digest: $1) }
        directories = zip(trace.directories, directoryDigests).map {
            Directory(place: $0.place, digest: $1)
        }
        bystanders = trace.bystanders
    }

    /// The files for messages; their text is read when a message needs it.
    func table(of entry: WorkflowEntry) -> SourceTable {
        var table = SourceTable()
        for known in files {
            let path = known.file.place.resolved
            let shown = known.file.name.shown(from: entry.shown, isDirectory: entry.isDirectory)
            _ = table.add(
                SourceFile(path: shown) { (try? FileInput.read(path)) ?? [] })
        }
        return table
    }

    /// Those that are no step files, by index: absolute and free of links.
    var workflowFiles: [Int: String] {
        var paths: [Int: String] = [:]
        for (index, known) in files.enumerated() where known.file.isWorkflow {
            paths[index] = known.file.place.resolved
        }
        return paths
    }
}

/// A snapshot as it lies on the disk.
///
/// ```
/// "stepvisor workflow 1\n"  checksum of the rest (8)  header  workflow
/// ```
struct SnapshotFile {
    private static let firstLine = Array("stepvisor workflow 1\n".utf8)

    var header: SnapshotHeader
    /// What ``ResolvedWorkflow/snapshot`` gave; lent like the bytes of the file.
    let workflow: UnsafeRawBufferPointer

    /// Reads what ``SnapshotHeader/file(with:)`` gave.
    init(_ bytes: UnsafeRawBufferPointer) throws(DamagedBytes) {
        var reader = ByteReader(bytes)
        guard try reader.raw(Self.firstLine.count).elementsEqual(Self.firstLine) else {
            throw DamagedBytes()
        }
        let checksum: UInt64 = try reader.number()
        let rest = try reader.raw(reader.left)
        guard RecordChecksum.of(rest) == checksum else { throw DamagedBytes() }
        var body = ByteReader(rest)
        header = try SnapshotHeader(from: &body)
        workflow = try body.raw(body.left)
    }

    /// Whether it is that of a place, and of this program.
    func isOf(_ place: SnapshotPlace, _ program: String) -> Bool {
        header.place == place && header.program == program
    }

    /// The whole file, with the header as it is now.
    var bytes: [UInt8] { header.file(with: workflow) }

    fileprivate static func bytes(of body: [UInt8]) -> [UInt8] {
        var file = ByteWriter()
        file.raw(firstLine)
        file.number(RecordChecksum.of(body[...]))
        file.raw(body)
        return file.bytes
    }
}

extension SnapshotHeader {
    /// The header and the workflow as one file.
    func file(with workflow: UnsafeRawBufferPointer) -> [UInt8] {
        var body = ByteWriter()
        body.text(program)
        body.text(place.root)
        body.text(place.name)
        body.byte(place.isDirectory ? 1 : 0)
        body.text(workflowFile)
        body.count(files.count)
        for known in files {
            known.file.place.encode(to: &body)
            known.file.stamp.encode(to: &body)
            body.number(known.file.observedAt)
            body.byte(known.file.name.form.rawValue)
            body.text(known.file.name.path)
            body.byte(known.file.isWorkflow ? 1 : 0)
            body.blob(known.digest)
        }
        body.count(directories.count)
        for known in directories {
            known.place.encode(to: &body)
            body.blob(known.digest)
        }
        body.count(bystanders.count)
        for known in bystanders {
            body.text(known.path)
            body.byte(known.kind.rawValue)
            body.byte(known.isExecutable ? 1 : 0)
        }
        body.raw(workflow)
        return SnapshotFile.bytes(of: body.bytes)
    }

    fileprivate init(from reader: inout ByteReader) throws(DamagedBytes) {
        program = try reader.text()
        place = SnapshotPlace(
            root: try reader.text(), name: try reader.text(), isDirectory: try reader.flag())
        workflowFile = try reader.text()
        files = []
        for _ in 0..<(try reader.length()) {
            let file = LoadTrace.File(
                place: try LoadTrace.Place(from: &reader),
                stamp: try SourceStamp(from: &reader),
                observedAt: try reader.signed(),
                name: SourceName(form: try reader.kind(), path: try reader.text()),
                isWorkflow: try reader.flag())
            files.append(File(file: file, digest: Array(try reader.blob())))
        }
        directories = []
        for _ in 0..<(try reader.length()) {
            directories.append(
                Directory(
                    place: try LoadTrace.Place(from: &reader),
                    digest: Array(try reader.blob())))
        }
        bystanders = []
        for _ in 0..<(try reader.length()) {
            bystanders.append(
                LoadTrace.Bystander(
                    path: try reader.text(), kind: try reader.kind(),
                    isExecutable: try reader.flag()))
        }
    }
}

extension ByteReader {
    fileprivate mutating func flag() throws(DamagedBytes) -> Bool {
        switch try byte() {
        case 0: false
        case 1: true
        default: throw DamagedBytes()
        }
    }

    fileprivate mutating func kind<Kind: RawRepresentable<UInt8>>() throws(DamagedBytes) -> Kind {
        guard let kind = Kind(rawValue: try byte()) else { throw DamagedBytes() }
        return kind
    }
}

extension LoadTrace.Place {
    fileprivate func encode(to writer: inout ByteWriter) {
        writer.text(path)
        writer.text(resolved)
        writer.byte(isListed ? 1 : 0)
    }

    fileprivate init(from reader: inout ByteReader) throws(DamagedBytes) {
        self.init(
            path: try reader.text(), resolved: try reader.text(), isListed: try reader.flag())
    }
}

extension SourceStamp {
    fileprivate func encode(to writer: inout ByteWriter) {
        writer.number(UInt64(mode))
        writer.number(device)
        writer.number(inode)
        writer.number(size)
        writer.number(modifiedAt)
        writer.number(changedAt)
    }

    fileprivate init(from reader: inout ByteReader) throws(DamagedBytes) {
        guard let mode = UInt32(exactly: try reader.number()) else { throw DamagedBytes() }
        self.init(
            mode: mode, device: try reader.number(), inode: try reader.number(),
            size: try reader.signed(), modifiedAt: try reader.signed(),
            changedAt: try reader.signed())
    }
}
