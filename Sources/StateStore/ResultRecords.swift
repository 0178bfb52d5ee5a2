package import Execution
package import Platform
import SystemCalls

/// What steps wrote to `STEPVISOR_OUTPUT` at their last success: `.stepvisor/known/<workflow>/results/`.
///
/// Kept beside the runs, so that it is there when those are removed.
extension StepStateLog {
    private static let resultsName = "results"
    /// A larger one is no result: conditions read the first megabyte.
    private static let maxResultBytes = 16 << 20

    /// Whether any result was ever kept.
    package func hasResults(in state: StateDirectory) -> Bool {
        var facts = stat()
        let path = "\(StepStateLog.folder)/\(key)/\(StepStateLog.resultsName)"
        return fstatat(state.descriptor, path, &facts, AT_SYMLINK_NOFOLLOW) == 0
    }

    /// Whether the result of a step's last success is there.
    package func hasResult(of step: String, in root: String) -> Bool {
        var facts = stat()
        let path =
            "\(root)/\(StateDirectory.name)/\(StepStateLog.folder)/\(key)/"
            + "\(StepStateLog.resultsName)/\(step)"
        return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
    }

    /// Keeps what a step has written in a run, or that it has written nothing.
    ///
    /// - Returns: Its digest; nil for nothing.
    package func keepResult(
        of step: String, from run: RunDirectory, in state: StateDirectory, wasThere: Bool
    ) throws(SystemError) -> Digest? {
        guard let file = PrivateFile.reading(["outputs", step], in: run.descriptor) else {
            if wasThere, let folder = try? results(in: state, create: false) {
                unlinkat(folder.number, step, 0)
            }
            return nil
        }
        let bytes = FileBytes.read(
            file.number, offset: 0, limit: min(Int(file.size ?? 0), StepStateLog.maxResultBytes))
        let folder = try results(in: state, create: true)
        // No step's id begins with a dot.
        try PrivateFile.replace(
            step, with: bytes, in: folder.number, temporary: ".\(step)", shown: shownResults)
        return Digest(of: bytes)
    }

    /// Gives what a step wrote at its last success to a run, in which it does not run.
    package func carryResult(
        of step: String, into run: RunDirectory, from state: StateDirectory
    ) throws(SystemError) {
        let folder = try results(in: state, create: false)
        guard let file = PrivateFile.reading([step], in: folder.number) else {
            throw SystemError("read", "\(shownResults)/\(step)", code: ENOENT)
        }
        let bytes = FileBytes.read(file.number, offset: 0, limit: StepStateLog.maxResultBytes)
        try run.writeResult(bytes, of: step)
    }

    private var shownResults: String {
        "\(StateDirectory.name)/\(StepStateLog.folder)/\(key)/\(StepStateLog.resultsName)"
    }

    private func results(
        in state: StateDirectory, create: Bool
    ) throws(SystemError) -> Descriptor {
        let folder = try directory(in: state)
        return try PrivateFile.directory(
            StepStateLog.resultsName, in: folder.number, shown: shownResults, create: create)
    }
}
