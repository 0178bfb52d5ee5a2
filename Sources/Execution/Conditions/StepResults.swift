internal import WorkflowModel

/// Why a results file cannot be read.
public struct StepResultsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A clause: "line 3 is neither `key=value` nor part of a JSON object".
    public let description: String
}

/// A value of a results file.
enum ResultValue: Hashable, Sendable {
    case number(ConditionNumber)
    /// From `key=value`, which does not state whether it is a number, a text or a truth value.
    case word(String)
    case text(String)
    case truth(Bool)
    case null
    case list
    case object([String: ResultValue])
}

/// What a step wrote to the file that `STEPVISOR_OUTPUT` names.
public struct StepResults: Hashable, Sendable {
    let fields: [String: ResultValue]
    /// Whether it is `key=value` lines, in which a key may contain dots.
    private let isLines: Bool

    /// Reads `key=value` lines, or one JSON object if the text begins with `{`.
    public static func parse(_ bytes: [UInt8]) throws(StepResultsError) -> StepResults {
        var text = bytes[...]
        if text.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
        let first = text.first { !isBlank($0) && $0 != newline && $0 != 0x0D }
        guard first == UInt8(ascii: "{") else {
            return StepResults(fields: try lines(text), isLines: true)
        }
        return StepResults(fields: try object(text), isLines: false)
    }

    // MARK: Reading

    private static let newline = UInt8(ascii: "\n")

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func lines(
        _ text: ArraySlice<UInt8>
    ) throws(StepResultsError) -> [String: ResultValue] {
        var fields: [String: ResultValue] = [:]
        var number = 0
        for line in text.split(separator: newline, omittingEmptySubsequences: false) {
            number += 1
            let line = trimmed(line.last == 0x0D ? line.dropLast() : line)
            if line.isEmpty { continue }
            guard let mark = line.firstIndex(of: UInt8(ascii: "=")) else {
                throw StepResultsError(
                    description: "line \(number) is neither `key=value` nor part of a JSON object")
            }
            let key = trimmed(line[..<mark])
            guard !key.isEmpty, !key.contains(where: isBlank) else {
                throw StepResultsError(
                    description: "line \(number) has no key before `=`, which is one word")
            }
            guard let name = String(validating: key, as: UTF8.self),
                let value = String(validating: trimmed(line[(mark + 1)...]), as: UTF8.self)
            else { throw StepResultsError(description: "line \(number) is not UTF-8") }
            fields[name] = .word(value)
        }
        return fields
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let start = text.drop(while: isBlank)
        let end = start.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? start.startIndex
        return start[..<end]
    }

    private static func object(
        _ text: ArraySlice<UInt8>
    ) throws(StepResultsError) -> [String: ResultValue] {
        let (document, position) = text.withUnsafeBufferPointer { bytes in
            var reader = JSONReader(bytes, keepingNumbers: true)
            return (reader.document(), reader.position)
        }
        if let document, case .object(let fields)? = value(of: document) { return fields }
        let line = text.prefix(position).reduce(1) { $1 == newline ? $0 + 1 : $0 }
        throw StepResultsError(
            description: "the JSON object is broken in line \(line), or nests more than "
                + "\(JSONReader.maximumDepth) deep")
    }

    /// Converts a value of the JSON reader, whose depth is limited; nil for a number out of range.
    private static func value(of json: JSONValue) -> ResultValue? {
        switch json {
        case .null: return .null
        case .truth(let truth): return .truth(truth)
        case .string(let text): return .text(text)
        case .array: return .list
        case .number(let text): return ConditionNumber(text).map { .number($0) }
        case .integer, .large, .thousandths: return nil
        case .object(let members):
            var fields: [String: ResultValue] = [:]
            for (name, member) in zip(members.names, members.values) {
                guard let value = value(of: member) else { return nil }
                // Among members with the same name the last one counts.
                fields[name] = value
            }
            return .object(fields)
        }
    }

    // MARK: Looking up

    /// The value at this path, or a clause that states what is missing.
    func value(at path: [String]) -> Result<ResultValue, StepResultsError> {
        let key = path.joined(separator: ".")
        if isLines {
            return fields[key].map { .success($0) } ?? .failure(missing(key, among: fields))
        }
        var value = ResultValue.object(fields)
        for (depth, name) in path.enumerated() {
            guard case .object(let members) = value else {
                let outer = path.prefix(depth).joined(separator: ".")
                return .failure(
                    StepResultsError(
                        description: "gave a result `\(outer)` that is no object, and has no "
                            + "field `\(name)`"))
            }
            guard let member = members[name] else {
                let name = path.prefix(depth + 1).joined(separator: ".")
                return .failure(missing(name, among: members))
            }
            value = member
        }
        return .success(value)
    }

    private func missing(
        _ name: String, among fields: [String: ResultValue]
    ) -> StepResultsError {
        let last = isLines ? name : name.split(separator: ".").last.map(String.init) ?? name
        let help = Suggestion.help(for: last, among: fields.keys.sorted()).map { " (\($0))" } ?? ""
        return StepResultsError(description: "gave no result `\(name)`\(help)")
    }
}
