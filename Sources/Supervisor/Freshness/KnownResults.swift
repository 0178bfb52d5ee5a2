import Execution
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What steps wrote to `STEPVISOR_OUTPUT` at their last success: `.stepvisor/known/<workflow>/results/`.
///
/// Kept beside the runs, so that it is there when those are removed.
extension KnownSteps {
    private static let resultsName = "results"
    /// A larger one is no result: conditions read the first megabyte.
    private static let mostResultBytes = 16 << 20

    /// Whether the result of a step's last success is there.
    func hasResult(of step: String, in root: String) -> Bool {
        var facts = stat()
        let path =
            "\(root)/\(StateDirectory.name)/\(KnownSteps.folder)/\(key)/"
            + "\(KnownSteps.resultsName)/\(step)"
        return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
    }

    /// Keeps what a step has written in a run, or that it has written nothing.
    ///
    /// - Returns: Its digest; nil for nothing.
    func keepResult(
        of step: String, from run: RunDirectory, in state: StateDirectory, wasThere: Bool
    ) throws(SystemError) -> Digest? {
        guard let file = PrivateFile.reading(["outputs", step], in: run.descriptor) else {
            if wasThere, let folder = try? results(in: state, create: false) {
                unlinkat(folder.number, step, 0)
            }
            return nil
        }
        let bytes = FileBytes.read(
            file.number, offset: 0, limit: min(Int(file.size ?? 0), KnownSteps.mostResultBytes))
        let folder = try results(in: state, create: true)
        try KnownSteps.write(bytes, to: step, in: folder.number)
        return Digest(of: bytes)
    }

    /// Gives what a step wrote at its last success to a run, in which it does not run.
    func carryResult(
        of step: String, into run: RunDirectory, from state: StateDirectory
    ) throws(SystemError) {
        let folder = try results(in: state, create: false)
        guard let file = PrivateFile.reading([step], in: folder.number) else {
            throw SystemError("read", "\(shownResults)/\(step)", code: ENOENT)
        }
        let bytes = FileBytes.read(file.number, offset: 0, limit: KnownSteps.mostResultBytes)
        let outputs = try PrivateFile.directory(
            "outputs", in: run.descriptor, shown: "\(run.path)/outputs", create: false)
        try KnownSteps.write(bytes, to: step, in: outputs.number)
    }

    private var shownResults: String {
        "\(StateDirectory.name)/\(KnownSteps.folder)/\(key)/\(KnownSteps.resultsName)"
    }

    private func results(
        in state: StateDirectory, create: Bool
    ) throws(SystemError) -> Descriptor {
        let folder = try directory(in: state)
        return try PrivateFile.directory(
            KnownSteps.resultsName, in: folder.number, shown: shownResults, create: create)
    }

    /// Under a temporary name first: a reader sees the old or the new one.
    private static func write(
        _ bytes: [UInt8], to name: String, in folder: Int32
    ) throws(SystemError) {
        // No step's id begins with a dot.
        let temporary = ".\(name)"
        do {
            let file = try PrivateFile.open(
                temporary, in: folder, flags: O_WRONLY | O_CREAT | O_TRUNC, shown: name)
            try FileBytes.write(bytes, to: file.number, subject: name)
        } catch {
            unlinkat(folder, temporary, 0)
            throw error
        }
        guard renameat(folder, temporary, folder, name) == 0 else {
            throw SystemError("write", name)
        }
    }
}
