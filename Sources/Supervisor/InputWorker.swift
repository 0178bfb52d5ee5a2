/// The thread that looks at the files of steps that read much.
typealias InputWorker = WorkerThread<InputJob, InputAnswer>

/// What is to be looked at.
struct InputJob: Sendable {
    var step: Int
    var patterns: InputPatterns
    /// Whether the step has ended, so that only the signature is asked.
    var isAfter: Bool
}

/// What was seen.
struct InputAnswer: Sendable {
    var step: Int
    /// Nil after the step has ended.
    var look: InputLook?
    var signature: Int
}

extension InputWorker {
    /// Starts the thread for the files of a project.
    convenience init(root: String) throws(SystemError) {
        try self.init(name: "stepvisor-inputs") {
            var looker = InputLooker(root: root)
            return { job in
                guard !job.isAfter else {
                    return InputAnswer(
                        step: job.step, look: nil, signature: looker.signature(of: job.patterns))
                }
                let look = looker.look(at: job.patterns) ?? InputLooker.nothing
                return InputAnswer(step: job.step, look: look, signature: look.signature)
            }
        }
    }
}
