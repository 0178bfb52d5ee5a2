import FileState
import Platform

/// The thread that looks at the files of steps that read much.
typealias InputWorker = WorkerThread<InputJob, InputAnswer>

/// What is to be looked at.
struct InputJob: Sendable {
    var step: Int
    var patterns: InputPatterns
    var purpose: Purpose
    /// What is looked at, for the message of a long wait.
    var subject = ""
    /// What is known of the files, sorted by path.
    var hints: [FileRecord] = []
    /// What the step needs of others.
    var needs: [DependencyOutputs] = []

    /// What the look is for.
    enum Purpose: Sendable {
        /// The step is to start.
        case start
        /// It has ended: only the signature is asked.
        case end
        /// It has ended well: what it has written.
        case outputs
    }
}

/// What was seen.
struct InputAnswer: Sendable {
    var step: Int
    var purpose: InputJob.Purpose
    /// Nil where only the signature was asked.
    var look: FileSnapshot?
    var signature: Int
    /// How what the step needs looks.
    var needs = DependencySnapshot()
}

extension InputWorker {
    /// Starts the thread for the files of a project.
    ///
    /// - Parameters:
    ///   - root: The project root, absolute.
    ///   - tell: Takes a line about what is read, where that takes long.
    /// - Throws: What the system said.
    convenience init(
        root: String, tell: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(SystemError) {
        try self.init(name: "stepvisor-inputs") {
            var looker = FileHasher(root: root)
            looker.progress = ReadingProgress(tell)
            return { job in
                let needs = looker.look(at: job.needs) ?? DependencySnapshot()
                guard job.purpose != .end else {
                    return InputAnswer(
                        step: job.step, purpose: .end, look: nil,
                        signature: looker.signature(of: job.patterns), needs: needs)
                }
                looker.subject = job.subject
                let look = looker.look(at: job.patterns, hints: job.hints) ?? FileHasher.nothing
                return InputAnswer(
                    step: job.step, purpose: job.purpose, look: look, signature: look.signature,
                    needs: needs)
            }
        }
    }
}
