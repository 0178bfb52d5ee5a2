/// A range of bytes in one of the files that were read.
///
/// Eight bytes, without line numbers: a reader notes offsets only, and ``SourceTable`` computes
/// line and column when there is something to report.
public struct SourceRange: Hashable, Sendable {
    /// Which file: an index into ``SourceTable/files``.
    public var file: UInt16
    /// Length in bytes, clamped to 65,535; zero marks a place between bytes (as at the end).
    public var length: UInt16
    /// First byte, counted from zero.
    public var offset: UInt32

    /// Makes a range; a longer length is clamped.
    public init(file: Int, offset: Int, length: Int) {
        self.file = UInt16(clamping: file)
        self.offset = UInt32(clamping: offset)
        self.length = UInt16(clamping: length)
    }
}

/// The bytes of one file that was read, with the path a user would type.
public struct SourceFile: Sendable {
    /// As shown in messages: relative to the working directory where that is shorter.
    public var path: String
    /// The whole content, undecoded.
    public let bytes: [UInt8]
    /// Byte ranges, ascending, that messages do not show because they may be secrets.
    public internal(set) var concealed: [Range<Int>] = []
    /// Where its lines begin; computed when the first place is shown.
    let lines = LineIndex()

    /// Stores the bytes of a file under the path that messages show.
    public init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
    }
}

/// A place as an editor names it.
public struct SourcePosition: Hashable, Sendable {
    /// The file's path as messages show it.
    public var path: String
    /// Line, from 1.
    public var line: Int
    /// Column, from 1, in Unicode scalars.
    public var column: Int

    /// Makes a position from its three parts.
    public init(path: String, line: Int, column: Int) {
        self.path = path
        self.line = line
        self.column = column
    }
}

/// All files that were read; shows any ``SourceRange`` to a person.
public struct SourceTable: Sendable {
    /// The files, in the order in which they were read.
    public private(set) var files: [SourceFile] = []

    /// An empty table.
    public init() {}

    /// Adds a file and returns the index for its ranges.
    public mutating func add(_ file: SourceFile) -> Int {
        files.append(file)
        return files.count - 1
    }

    /// Conceals parts of a file in every message about it; the ranges ascend and do not touch.
    public mutating func conceal(_ ranges: [Range<Int>], inFile index: Int) {
        guard files.indices.contains(index) else { return }
        files[index].concealed = ranges
    }
}
