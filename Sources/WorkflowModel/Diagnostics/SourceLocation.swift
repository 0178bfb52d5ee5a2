import Synchronization

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
    public var bytes: [UInt8] { content.bytes }
    private let content: Content
    /// Byte ranges, ascending, that messages do not show because they may be secrets.
    public internal(set) var concealed: [Range<Int>] = []
    /// Where its lines begin; computed when the first place is shown.
    let lines = LineIndex()

    /// Stores the bytes of a file under the path that messages show.
    public init(path: String, bytes: [UInt8]) {
        self.path = path
        content = Content(bytes)
    }

    /// A file whose content is read once, when a message first needs it.
    public init(path: String, reading read: @escaping @Sendable () -> [UInt8]) {
        self.path = path
        content = Content(reading: read)
    }

    private final class Content: Sendable {
        private enum State: Sendable {
            case known([UInt8])
            case unread(@Sendable () -> [UInt8])
        }

        private let state: Mutex<State>

        init(_ bytes: [UInt8]) { state = Mutex(.known(bytes)) }

        init(reading read: @escaping @Sendable () -> [UInt8]) { state = Mutex(.unread(read)) }

        var bytes: [UInt8] {
            state.withLock { state in
                switch state {
                case .known(let bytes): return bytes
                case .unread(let read):
                    let bytes = read()
                    state = .known(bytes)
                    return bytes
                }
            }
        }
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
