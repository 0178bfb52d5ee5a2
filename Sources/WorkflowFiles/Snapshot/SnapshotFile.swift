import Platform
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
/// "stepvisor workflow 2\n"  checksum of the rest (8)  header  workflow
/// ```
struct SnapshotFile {
    private static let firstLine = Array("stepvisor workflow 2\n".utf8)

    var header: SnapshotHeader
    /// What ``ResolvedWorkflow/snapshot`` gave; lent like the bytes of the file.
    let workflow: UnsafeRawBufferPointer

    /// Reads what ``SnapshotHeader/file(with:)`` gave.
    init(_ bytes: UnsafeRawBufferPointer) throws(DamagedBytes) {
        var reader = RecordReader(bytes)
        guard try reader.raw(Self.firstLine.count).elementsEqual(Self.firstLine) else {
            throw DamagedBytes()
        }
        let checksum: UInt64 = try reader.number()
        let rest = try reader.raw(reader.left)
        guard RecordChecksum.of(rest) == checksum else { throw DamagedBytes() }
        var body = RecordReader(rest)
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
        var file = RecordWriter()
        file.raw(firstLine)
        file.number(RecordChecksum.of(body[...]))
        file.raw(body)
        return file.bytes
    }
}

extension SnapshotHeader {
    /// The header and the workflow as one file.
    func file(with workflow: UnsafeRawBufferPointer) -> [UInt8] {
        var body = RecordWriter()
        body.text(program)
        body.text(place.root)
        body.text(place.name)
        body.flag(place.isDirectory)
        body.text(workflowFile)
        body.count(files.count)
        for known in files {
            known.file.place.encode(to: &body)
            known.file.stamp.encode(to: &body)
            body.number(known.file.observedAt)
            body.kind(known.file.name.form)
            body.text(known.file.name.path)
            body.flag(known.file.isWorkflow)
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
            body.kind(known.kind)
            body.flag(known.isExecutable)
        }
        body.raw(workflow)
        return SnapshotFile.bytes(of: body.bytes)
    }

    fileprivate init(from reader: inout RecordReader) throws(DamagedBytes) {
        program = try reader.text()
        place = SnapshotPlace(
            root: try reader.text(), name: try reader.text(), isDirectory: try reader.flag())
        workflowFile = try reader.text()
        files = try reader.list(ofSize: 60) { reader throws(DamagedBytes) in
            let file = LoadTrace.File(
                place: try LoadTrace.Place(from: &reader),
                stamp: try FileStamp(from: &reader),
                observedAt: try reader.number(),
                name: SourceName(form: try reader.kind(), path: try reader.text()),
                isWorkflow: try reader.flag())
            return File(file: file, digest: Array(try reader.blob()))
        }
        directories = try reader.list(ofSize: 13) { reader throws(DamagedBytes) in
            Directory(
                place: try LoadTrace.Place(from: &reader), digest: Array(try reader.blob()))
        }
        bystanders = try reader.list(ofSize: 6) { reader throws(DamagedBytes) in
            LoadTrace.Bystander(
                path: try reader.text(), kind: try reader.kind(), isExecutable: try reader.flag())
        }
    }
}

extension LoadTrace.Place {
    fileprivate func encode(to writer: inout RecordWriter) {
        writer.text(path)
        writer.text(resolved)
        writer.flag(isListed)
    }

    fileprivate init(from reader: inout RecordReader) throws(DamagedBytes) {
        self.init(
            path: try reader.text(), resolved: try reader.text(), isListed: try reader.flag())
    }
}

extension FileStamp {
    fileprivate func encode(to writer: inout RecordWriter) {
        writer.kind(kind)
        writer.flag(isExecutable)
        writer.number(size)
        writer.number(modifiedAt)
        writer.number(changedAt)
        writer.number(inode)
    }

    fileprivate init(from reader: inout RecordReader) throws(DamagedBytes) {
        self.init(
            kind: try reader.kind(), isExecutable: try reader.flag(), size: try reader.number(),
            modifiedAt: try reader.number(), changedAt: try reader.number(),
            inode: try reader.number())
    }
}
