public import Execution

/// Colours for a terminal, or none: the one place that writes SGR sequences.
public struct Style: Sendable, Hashable {
    /// Whether colours are written.
    public let isOn: Bool

    /// A style that writes colours, or none.
    public init(isOn: Bool) { self.isOn = isOn }

    /// Text as it is.
    public static let plain = Style(isOn: false)
    /// Text with colours.
    public static let colored = Style(isOn: true)

    /// Text about a success.
    public func green(_ text: String) -> String { paint(text, "32") }
    /// Text about a failure.
    public func red(_ text: String) -> String { paint(text, "31") }
    /// Text that needs attention.
    public func yellow(_ text: String) -> String { paint(text, "33") }
    /// Text that is in progress.
    public func cyan(_ text: String) -> String { paint(text, "36") }
    /// Text that matters less.
    public func dim(_ text: String) -> String { paint(text, "2") }
    /// Text that stands out.
    public func bold(_ text: String) -> String { paint(text, "1") }

    /// Text in the colour of a step's status.
    public func paint(_ text: String, as status: StepStatus) -> String {
        switch status {
        case .complete, .cached: green(text)
        case .failed: red(text)
        case .aborted: yellow(text)
        case .running: cyan(text)
        case .pending, .skipped: dim(text)
        }
    }

    /// Text in the colour of a run's status.
    public func paint(_ text: String, as status: RunStatus) -> String {
        switch status {
        case .complete: green(text)
        case .failed: red(text)
        case .aborted, .review, .interrupted: yellow(text)
        case .running: cyan(text)
        }
    }

    private func paint(_ text: String, _ code: String) -> String {
        isOn && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
