/// All that a value holds, found by reflection: also what is private, and what `==` passes over.
struct Reflection {
    /// What was seen of each stored property, by `Type.property`: at most two different texts.
    private(set) var seen: [String: Set<String>] = [:]

    /// A text that is the same for two values exactly when they hold the same.
    mutating func text(of value: Any) -> String {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional:
            return mirror.children.first.map { "some(\(text(of: $0.value)))" } ?? "nil"
        case .collection:
            return "[" + mirror.children.map { text(of: $0.value) }.joined(separator: ", ") + "]"
        case .set, .dictionary:
            // Their order is no part of them.
            let parts = mirror.children.map { text(of: $0.value) }.sorted()
            return "{" + parts.joined(separator: ", ") + "}"
        case .struct, .class:
            return properties(of: mirror, "\(type(of: value))")
        case .tuple:
            return properties(of: mirror, nil)
        case .enum where !mirror.children.isEmpty:
            return mirror.children.map { "\($0.label ?? "")(\(text(of: $0.value)))" }.joined()
        default: return "\(type(of: value)) \(String(reflecting: value))"
        }
    }

    private mutating func properties(of mirror: Mirror, _ type: String?) -> String {
        guard !mirror.children.isEmpty else { return "\(mirror.subjectType)" }
        let parts = mirror.children.map { child in
            let content = text(of: child.value)
            if let type, seen["\(type).\(child.label ?? "")", default: []].count < 2 {
                seen["\(type).\(child.label ?? "")", default: []].insert(content)
            }
            return "\(child.label ?? ""): \(content)"
        }
        return "(\(parts.joined(separator: ", ")))"
    }
}
