/// The few looks that progress uses; without colour, text comes back as it is.
struct Paint: Sendable {
    let isOn: Bool

    func green(_ text: String) -> String { painted(text, "32") }
    func yellow(_ text: String) -> String { painted(text, "33") }
    func red(_ text: String) -> String { painted(text, "31") }
    func dim(_ text: String) -> String { painted(text, "2") }

    private func painted(_ text: String, _ code: String) -> String {
        isOn && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}
