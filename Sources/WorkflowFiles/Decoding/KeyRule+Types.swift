import WorkflowModel

/// Rules by the type of the value, so that a table of keys reads as a list.
extension KeyRule {
    static func string(
        _ name: String, or aliases: [String] = [],
        _ set: @escaping @Sendable (inout Target, String) -> Void
    ) -> KeyRule {
        KeyRule(name, or: aliases, "a string") { target, entry, reader in
            if let text = reader.string(entry) { set(&target, text) }
        }
    }

    static func expression(
        _ name: String, _ set: @escaping @Sendable (inout Target, String) -> Void
    ) -> KeyRule {
        KeyRule(name, "a regular expression") { target, entry, reader in
            if let text = reader.regularExpression(entry) { set(&target, text) }
        }
    }

    static func boolean(
        _ name: String, or aliases: [String] = [],
        _ set: @escaping @Sendable (inout Target, Bool) -> Void
    ) -> KeyRule {
        KeyRule(name, or: aliases, "true or false") { target, entry, reader in
            if let flag = reader.boolean(entry) { set(&target, flag) }
        }
    }

    static func integer(
        _ name: String, or aliases: [String] = [], atLeast least: Int,
        _ set: @escaping @Sendable (inout Target, Int) -> Void
    ) -> KeyRule {
        KeyRule(name, or: aliases, "a whole number, at least \(least)") { target, entry, reader in
            if let number = reader.integer(entry, atLeast: least) { set(&target, number) }
        }
    }

    /// A time limit: above zero.
    static func limit(
        _ name: String, _ set: @escaping @Sendable (inout Target, Milliseconds) -> Void
    ) -> KeyRule {
        KeyRule(name, "a duration") { target, entry, reader in
            if let length = reader.duration(entry) { set(&target, length) }
        }
    }

    /// A waiting time, which may be zero.
    static func delay(
        _ name: String, _ set: @escaping @Sendable (inout Target, Milliseconds) -> Void
    ) -> KeyRule {
        KeyRule(name, "a duration") { target, entry, reader in
            if let length = reader.duration(entry, mayBeZero: true) { set(&target, length) }
        }
    }

    static func choice<Choice: RawRepresentable & CaseIterable & Sendable>(
        _ name: String, or aliases: [String] = [], of type: Choice.Type,
        _ set: @escaping @Sendable (inout Target, Choice) -> Void
    ) -> KeyRule where Choice.RawValue == String {
        let names = Choice.allCases.map { "\"\($0.rawValue)\"" }
        return KeyRule(name, or: aliases, Wording.list(names, "or")) { target, entry, reader in
            if let choice = reader.choice(entry, of: Choice.self) { set(&target, choice) }
        }
    }

    static func strings(
        _ name: String, _ set: @escaping @Sendable (inout Target, [String]) -> Void
    ) -> KeyRule {
        KeyRule(name, "a list of strings") { target, entry, reader in
            if let texts = reader.strings(entry) { set(&target, texts) }
        }
    }

    static func patterns(
        _ name: String, _ set: @escaping @Sendable (inout Target, [FilePattern]) -> Void
    ) -> KeyRule {
        KeyRule(name, "a list of patterns") { target, entry, reader in
            if let patterns = reader.patterns(entry) { set(&target, patterns) }
        }
    }

    /// Text of the source documents: accepts any value and sets nothing.
    static func ignored(_ name: String) -> KeyRule {
        KeyRule(name, "anything", isIgnored: true) { _, _, _ in }
    }
}
