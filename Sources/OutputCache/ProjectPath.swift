import StateStore
import WorkflowModel

/// A path inside a project that leads neither out of it nor into stepvisor's own directory.
///
/// Bytes, not text: a name need not be UTF-8.
package struct ProjectPath: Hashable, Sendable {
    /// As declared and stored: without a slash at either end.
    package let bytes: [UInt8]
    /// The components as C strings, each with its terminating zero.
    package let names: [[CChar]]

    /// The kernel's limit, in bytes.
    static let longest = 4095
    private static let longestName = 255

    /// Nil for a path that is absolute or empty, contains `.`, `..`, an empty or an overlong
    /// component, or begins in the state directory.
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

    /// For messages and records; unique for each path.
    package var shown: String { DisplayText.fileName(bytes) }

    /// For matching patterns.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The components of the directories above it.
    package var parents: ArraySlice<[CChar]> { names.dropLast() }

    /// The last component.
    package var name: [CChar] { names.last ?? [0] }

    /// The path of a directory above it, given by its number of components.
    package func prefix(names count: Int) -> ProjectPath? {
        let parts = names.prefix(count).map { $0.dropLast().map(UInt8.init(bitPattern:)) }
        return ProjectPath(Array(parts.joined(separator: [UInt8(ascii: "/")])))
    }
}
