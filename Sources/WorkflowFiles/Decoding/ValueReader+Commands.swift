import WorkflowModel

/// Values for commands and their environment.
extension ValueReader {
    /// A string for the shell, or a list that is started directly.
    mutating func command(_ entry: DocumentTable.Entry) -> Command? {
        switch entry.value.content {
        case .string(let line):
            return refusingBlank(line, in: entry) || refusingNUL(line, in: entry)
                ? nil : .shell(line)
        case .array:
            return arguments(entry).map(Command.arguments)
        default:
            mismatch(entry.key, "a string or a list of strings", entry.value)
            return nil
        }
    }

    /// A program with its arguments: a list of strings, the first of which is not empty.
    mutating func arguments(_ entry: DocumentTable.Entry) -> [String]? {
        guard let words = strings(entry) else { return nil }
        guard let program = words.first, !program.isEmpty else {
            report(.error("`\(entry.key)` must name a program first", at: entry.value.range))
            return nil
        }
        for word in words where refusingNUL(word, in: entry) { return nil }
        return words
    }

    /// Variables in the order written.
    mutating func environment(_ entry: DocumentTable.Entry) -> [EnvironmentVariable]? {
        guard let table = table(entry) else { return nil }
        return table.entries.compactMap { variable in
            guard checkVariableName(variable.key, at: variable.keyRange),
                let value = variableValue(variable)
            else { return nil }
            return EnvironmentVariable(variable.key, value)
        }
    }

    private mutating func checkVariableName(_ name: String, at range: SourceRange) -> Bool {
        if name.isEmpty || name.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 == 0 }) {
            report(
                .error(
                    "the name of an environment variable must be neither empty nor contain `=` "
                        + "or NUL", at: range))
            return false
        }
        if name.hasPrefix("STEPVISOR_") {
            report(
                .error(
                    "`\(name)` cannot be set: stepvisor sets the variables that begin with "
                        + "`STEPVISOR_`", at: range, help: "choose another name"))
            return false
        }
        return true
    }

    private mutating func variableValue(_ variable: DocumentTable.Entry) -> String? {
        switch variable.value.content {
        case .string(let text): return refusingNUL(text, in: variable) ? nil : text
        case .integer(let number): return String(number)
        case .boolean(let flag): return String(flag)
        default:
            mismatch(variable.key, "a string", variable.value)
            return nil
        }
    }

    /// Reports a blank line: the shell would do nothing and succeed.
    mutating func refusingBlank(_ line: String, in entry: DocumentTable.Entry) -> Bool {
        guard line.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0A }) else { return false }
        report(.error("`\(entry.key)` must not be empty", at: entry.value.range))
        return true
    }

    /// Reports a NUL: it ends every string for the system, so the rest would be lost silently.
    mutating func refusingNUL(_ text: String, in entry: DocumentTable.Entry) -> Bool {
        guard text.utf8.contains(0) else { return false }
        report(.error("`\(entry.key)` must not contain NUL", at: entry.value.range))
        return true
    }
}
