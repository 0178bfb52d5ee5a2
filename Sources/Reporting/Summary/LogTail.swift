/// The end of a step's log, as stored in the record.
public enum LogTail {
    /// The largest width of a recorded line, in columns.
    static let maxColumns = 400

    /// The last line with visible text, safe to show and of bounded length; nil when there is none.
    public static func lastLine(of tail: [UInt8]) -> String? {
        let line = LiveView.lastLine(of: tail)
        return line.isEmpty ? nil : TextWidth.clip(line, to: maxColumns)
    }
}
