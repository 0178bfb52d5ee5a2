public import WorkflowModel

/// Reads the header block of a step's script.
///
/// The block stands in the leading comment, in the form that PEP 723 gave Python scripts (`# ///
/// step` … `# ///`, TOML between), with `#`, `//` or `--` as the comment mark.
public enum StepFileReader {
    /// Reads the head of a step file; the diagnostics concern the block's form and the TOML in it.
    public static func read(_ bytes: [UInt8], file: Int) -> StepFileReading {
        var reading = StepFileReading()
        guard !bytes.isEmpty else {
            reading.content = .empty
            return reading
        }
        // The test of grep and git for binary files.
        if bytes.prefix(8192).contains(0) {
            reading.content = .binary
            return reading
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]), bytes.dropFirst(3).starts(with: "#!".utf8) {
            reading.diagnostics.append(
                .warning(
                    "a byte order mark before `#!` hides the interpreter from the system",
                    at: SourceRange(file: file, offset: 0, length: 3),
                    help: "save the file without it"))
        }
        var finder = StepHeaderFinder(bytes: bytes, file: file)
        let block = finder.find()
        reading.diagnostics += finder.diagnostics
        if let block {
            let (table, diagnostics) = TOMLReader.read(block.text.bytes, file: file)
            reading.header = StepHeader(
                table: block.text.relocated(table), range: block.opening)
            reading.diagnostics += diagnostics.map(block.text.relocated)
        }
        return reading
    }
}

/// What the head of a step file holds.
public struct StepFileReading: Sendable {
    /// What kind of file it is.
    public enum Content: Hashable, Sendable {
        /// No bytes at all.
        case empty
        /// Not text: a compiled program, which can have no header.
        case binary
        /// Text, with or without a header.
        case text
    }

    /// What kind of file it is.
    public var content = Content.text
    /// The header; without one, the file is not a step.
    public var header: StepHeader?
    /// Mistakes in the block's form and in the TOML in it.
    public var diagnostics: [Diagnostic] = []
}

/// The keys that a step file declares of itself.
public struct StepHeader: Sendable {
    /// The block's TOML; ranges point into the script.
    public var table: DocumentTable
    /// The line that opens the block.
    public var range: SourceRange
}
