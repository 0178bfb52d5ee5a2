public import Execution

/// Chooses the view for the command line and the destination of its text.
public struct ViewChoice: Sendable, Hashable {
    /// `--output`.
    public var output: OutputMode
    /// `--json`.
    public var wantsJSON: Bool
    /// Whether standard error, where progress goes, is a terminal.
    public var isTerminal: Bool
    /// The value of `TERM`.
    public var terminalType: String?

    /// The options, and the destination of the text.
    public init(
        output: OutputMode = .failures, wantsJSON: Bool = false, isTerminal: Bool,
        terminalType: String?
    ) {
        self.output = output
        self.wantsJSON = wantsJSON
        self.isTerminal = isTerminal
        self.terminalType = terminalType
    }

    /// A view; `options` as for ``RunSummary``.
    public func view(style: Style, options: [String] = []) -> any RunView {
        if wantsJSON { return JSONView() }
        let canBeDrawnOver = isTerminal && (terminalType ?? "dumb") != "dumb"
        guard canBeDrawnOver, output != .none else {
            return PlainView(
                output: output, style: style, options: options, isTerminal: isTerminal)
        }
        return LiveView(output: output, style: style, options: options)
    }
}
