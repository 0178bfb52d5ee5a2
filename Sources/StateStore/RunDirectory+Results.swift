package import Platform

extension RunDirectory {
    /// Writes a step's result atomically to where the step would have written it.
    package func writeResult(_ bytes: [UInt8], of step: String) throws(SystemError) {
        let shown = "\(StateDirectory.runPath(id))/outputs"
        let outputs = try PrivateFile.directory(
            "outputs", in: descriptor, shown: shown, create: true)
        // No step id begins with a dot.
        try PrivateFile.replace(
            step, with: bytes, in: outputs.number, temporary: ".\(step)",
            shown: "\(shown)/\(step)")
    }

    /// Removes what ``writeResult(_:of:)`` wrote.
    package func removeResult(of step: String) { unlinkat(descriptor, "outputs/\(step)", 0) }
}
