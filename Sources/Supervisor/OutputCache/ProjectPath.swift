import WorkflowModel

/// The path of something inside a project: names, none of which leads out or to stepvisor's own.
///
/// Bytes, not text: a name need not be UTF-8.
struct ProjectPath: Hashable, Sendable {
    /// As it is declared and kept: without a slash at either end.
    let bytes: [UInt8]
    /// Each as the system takes it, closed by a zero.
    let names: [[CChar]]

    /// As the kernel has it.
    static let longest = 4095
    private static let longestName = 255

    /// Nil for what is absolute or empty, has `.`, `..`, an empty or an overlong name in it, or
    /// begins in the state directory.
    init?(_ bytes: [UInt8]) {
        guard !bytes.isEmpty, bytes.count <= ProjectPath.longest, !bytes.contains(0) else {
            return nil
        }
        let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for part in parts {
            guard !part.isEmpty, part.count <= ProjectPath.longestName,
                !part.elementsEqual(".".utf8), !part.elementsEqual("..".utf8)
            else { return nil }
        }
        guard let first = parts.first, !first.elementsEqual(StateDirectory.name.utf8) else {
            return nil
        }
        self.bytes = bytes
        names = parts.map { $0.map(CChar.init(bitPattern:)) + [0] }
    }

    /// For messages and records: no two paths alike.
    var shown: String { DisplayText.fileName(bytes) }

    /// For patterns.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The directories above it, in names.
    var parents: ArraySlice<[CChar]> { names.dropLast() }

    /// Its own name.
    var name: [CChar] { names.last ?? [0] }

    /// The path of one of the directories above it, by how many names it has.
    func prefix(names count: Int) -> ProjectPath? {
        let parts = names.prefix(count).map { $0.dropLast().map(UInt8.init(bitPattern:)) }
        return ProjectPath(Array(parts.joined(separator: [UInt8(ascii: "/")])))
    }
}
