import Execution
import Platform
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The question that waits for an answer.
struct PromptState {
    fileprivate var question: ReviewQuestion?
    /// Whether the loop watches the terminal.
    fileprivate var isWatching = false
    /// What was typed of a line.
    fileprivate var typed: [UInt8] = []
}

/// Asking a person on the terminal: the writer shows the question, the loop takes the answer.
///
/// The terminal stays as it is: what is typed shows itself, and comes as a line. It is read only
/// while something is asked, and never from the background, where reading stops a process.
extension Supervisor {
    /// How often it is looked whether this process has come to the foreground.
    private static let foregroundInterval: Int64 = 250_000_000
    private static let longestAnswer = 4096

    func ask(about step: Int, _ choices: [ReviewDecision]) {
        let question = ReviewQuestion(step: step, choices: choices)
        review.question = question
        forgetTyped()
        recorder.ask(question)
    }

    func withdrawQuestion(about step: Int) {
        guard review.question?.step == step else { return }
        endQuestion(typedLines: 0)
        // Half an answer is none to the shell that reads next.
        forgetTyped()
    }

    /// Watches the terminal as long as an answer may come from there.
    ///
    /// - Returns: nanoseconds after which that is to be asked again; nil where it need not be.
    func watchTerminal() -> Int64? {
        guard review.question != nil || review.isWatching else { return nil }
        let isWanted = review.question != nil && isInForeground
        if isWanted != review.isWatching {
            review.isWatching = isWanted
            if isWanted {
                loop.add(STDIN_FILENO, .terminal)
            } else {
                loop.remove(.terminal)
            }
        }
        return review.question == nil || isWanted ? nil : Supervisor.foregroundInterval
    }

    /// Takes what was typed; the end of all input is an answer too.
    func takeAnswer() {
        guard var question = review.question, isInForeground else { return }
        var buffer = [UInt8](repeating: 0, count: 1024)
        let size = buffer.count
        let count = LibC.read(STDIN_FILENO, &buffer, size)
        if count < 0, errno == EINTR || errno == EAGAIN { return }
        guard count > 0 else {
            answerQuestion(question, .halt, typedLines: 0)
            return
        }
        review.typed += buffer[..<count]
        guard let end = review.typed.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) else {
            if review.typed.count > Supervisor.longestAnswer { review.typed = [] }
            return
        }
        let line = String(decoding: review.typed[..<end], as: UTF8.self)
        review.typed = []
        if let decision = question.decision(for: line) {
            answerQuestion(question, decision, typedLines: 1)
        } else {
            question.misread = line
            review.question = question
            recorder.ask(question, typedLines: 1)
        }
    }

    private func answerQuestion(
        _ question: ReviewQuestion, _ decision: ReviewDecision, typedLines: Int
    ) {
        endQuestion(typedLines: typedLines)
        tell(.decided(step: question.step, decision))
    }

    private func endQuestion(typedLines: Int) {
        review.question = nil
        review.typed = []
        recorder.ask(nil, typedLines: typedLines)
        _ = watchTerminal()
    }

    /// What was typed before a question is no answer to it.
    private func forgetTyped() {
        review.typed = []
        if isInForeground { tcflush(STDIN_FILENO, TCIFLUSH) }
    }

    /// Whether this process may read the terminal; where it is not this session's, nobody minds.
    private var isInForeground: Bool {
        let group = tcgetpgrp(STDIN_FILENO)
        return group < 0 || group == getpgrp()
    }
}
