import Platform
import WorkflowModel

/// Finds out whether all that a workflow was made of is still the same.
///
/// The stamp of a file decides where it was old enough when it was read; else its content does.
struct SourceCheck {
    let clock: @Sendable () -> Int64
    let digest: @Sendable ([UInt8]) -> [UInt8]
    /// Whether a source was read again that the next start need not read.
    private(set) var isWorthKeeping = false

    init(clock: @escaping @Sendable () -> Int64, digest: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        self.clock = clock
        self.digest = digest
    }

    /// Whether every source is the same; the header then has the stamps of now.
    mutating func isSame(_ header: inout SnapshotHeader) -> Bool {
        guard header.directories.allSatisfy({ isSame($0) }),
            header.bystanders.allSatisfy(\.isTheSame)
        else { return false }
        for index in header.files.indices where !isSame(&header.files[index]) { return false }
        return true
    }

    private mutating func isSame(_ known: inout SnapshotHeader.File) -> Bool {
        guard let stamp = stamp(of: known.file.place), stamp.kind == .file else { return false }
        if stamp == known.file.stamp, stamp.isOldEnough(at: known.file.observedAt) { return true }
        let now = clock()
        guard let (bytes, stamp) = try? FileInput.readStamped(known.file.place.resolved),
            digest(bytes) == known.digest
        else { return false }
        (known.file.stamp, known.file.observedAt) = (stamp, now)
        noteReading(of: stamp, at: now)
        return true
    }

    /// Names are always read: not every file system gives a directory a new stamp for a new name.
    private func isSame(_ known: SnapshotHeader.Directory) -> Bool {
        guard stamp(of: known.place) != nil,
            let names = DirectoryListing.names(in: known.place.resolved)
        else { return false }
        return digest(LoadTrace.Directory.content(of: names.sorted())) == known.digest
    }

    private mutating func noteReading(of stamp: FileStamp, at now: Int64) {
        if stamp.isOldEnough(at: now) { isWorthKeeping = true }
    }

    /// Of what a path leads to, where that is what it led to.
    private func stamp(of place: LoadTrace.Place) -> FileStamp? {
        if place.isListed, place.path == place.resolved {
            // Its directory has been compared: only itself can be a link.
            guard let own = FileStamp(of: place.path, followingLinks: false), own.kind == .file
            else { return nil }
            return own
        }
        guard PathText.resolved(place.path) == place.resolved else { return nil }
        return FileStamp(of: place.resolved, followingLinks: true)
    }
}
