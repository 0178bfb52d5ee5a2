extension Validation {
    /// Warns of names in `pass_environment` and `secrets` that no variable is likely to have.
    mutating func checkSettingNames() {
        for name in workflow.execution.passEnvironment ?? [] {
            // A `*` at the end stands for anything.
            let stem = name.utf8.last == UInt8(ascii: "*") ? String(name.dropLast()) : name
            if stem.isEmpty, !name.isEmpty { continue }
            warn(
                of: stem, shown: name, key: "pass_environment", "names, or beginnings as in `LC_*`")
        }
        for name in workflow.execution.secrets {
            warn(of: name, shown: name, key: "secrets", "names of variables, not their values")
        }
    }

    private mutating func warn(of name: String, shown: String, key: String, _ wanted: String) {
        var looksWrong = name.isEmpty
        for byte in name.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"): break
            default: looksWrong = true
            }
        }
        if let first = name.utf8.first, (0x30...0x39).contains(first) { looksWrong = true }
        guard looksWrong else { return }
        // The text may be a value written in place of a name: do not show it.
        let subject =
            key == "secrets" ? "a name in `secrets`" : "`\(Self.shown(shown))` in `\(key)`"
        report(
            .warning(
                "\(subject) looks like no name of a variable",
                help: "`[execution] \(key)` takes \(wanted)"))
    }
}
