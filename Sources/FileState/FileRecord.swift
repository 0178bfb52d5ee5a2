package import Execution
package import Platform

/// What a file was when it was last looked at.
package struct FileRecord: Hashable, Sendable {
    /// Relative to the project root, or absolute where it was declared so; bytes, not text.
    package var path: [UInt8]
    package var facts: FileStamp
    package var digest: Digest
    /// When it was looked at, in nanoseconds since 1970; 0 where its content is not known.
    package var observedAt: Int64

    /// With all that it holds.
    package init(
        path: [UInt8], facts: FileStamp, digest: Digest, observedAt: Int64
    ) {
        self.path = path
        self.facts = facts
        self.digest = digest
        self.observedAt = observedAt
    }

    /// The file without what only helps to see a change.
    package var content: FileContent { FileContent(path: path, kind: facts.mark, digest: digest) }

    /// The content of a file that looks like this now; nil when it has to be read.
    package func content(for now: FileStamp) -> Digest? {
        switch now.kind {
        case .unreadable: nil
        case .directory, .fifo, .socket, .device: .zero
        // The looks of a link are those of all that it leads to.
        case .file, .link: facts == now && facts.isOldEnough(at: observedAt) ? digest : nil
        }
    }
}

extension FileStamp {
    /// Whether nothing was there.
    package var isAbsent: Bool { kind == .unreadable && (error == ENOENT || error == ENOTDIR) }

    /// What it is, and whether it can be executed, in one byte.
    package var mark: UInt8 { kind.rawValue << 1 | (isExecutable ? 1 : 0) }
}
