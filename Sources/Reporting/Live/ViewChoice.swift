public import Execution

/// Which view suits what was asked for and where its text goes.
public struct ViewChoice: Sendable, Hashable {
    /// `--output`.
    public var output: OutputMode
    /// `--json`.
    public var wantsJSON: Bool
    /// Whether standard error, where progress goes, is a terminal.
    public var isTerminal: Bool
    /// The value of `TERM`.
    public var terminalType: String?

    /// What was asked for, and where the text goes.
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
