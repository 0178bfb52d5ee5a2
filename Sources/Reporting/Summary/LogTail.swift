/// The end of a step's log, as the record keeps it.
public enum LogTail {
    /// Columns that a line on record may take.
    static let maxColumns = 400

    /// The last line that shows something, harmless to show and of bounded length; nil of a log that
    /// shows nothing.
    public static func lastLine(of tail: [UInt8]) -> String? {
        let line = LiveView.lastLine(of: tail)
        return line.isEmpty ? nil : TextWidth.clip(line, to: maxColumns)
    }
}
