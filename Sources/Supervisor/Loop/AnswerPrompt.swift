import Execution
import Platform
import SystemCalls

/// Asks a person on the terminal: the writer shows the question, the loop takes the answer.
///
/// The terminal stays as it is: what is typed shows itself, and comes as a line. It is read only
/// while something is asked, and never from the background, where reading stops a process. Used on
/// the loop's thread only.
final class AnswerPrompt {
    private let recorder: RunRecorder
    private let loop: EventLoop
    /// The question that waits for an answer.
    private var question: ReviewQuestion?
    /// Whether the loop watches the terminal.
    private var isWatching = false
    /// What was typed of a line.
    private var typed: [UInt8] = []

    /// Without a question.
    init(recorder: RunRecorder, loop: EventLoop) {
        self.recorder = recorder
        self.loop = loop
    }

    /// How often this process checks whether it has come to the foreground, in nanoseconds.
    private static let foregroundInterval: Int64 = 250_000_000
    private static let longestAnswer = 4096

    func ask(about step: Int, _ choices: [ReviewDecision]) {
        let question = ReviewQuestion(step: step, choices: choices)
        self.question = question
        forgetTyped()
        recorder.ask(question)
    }

    func withdraw(about step: Int) {
        guard question?.step == step else { return }
        endQuestion(typedLines: 0)
        // Half an answer is none to the shell that reads next.
        forgetTyped()
    }

    /// Watches the terminal as long as an answer may come from there.
    ///
    /// - Returns: nanoseconds after which that is to be asked again; nil where it need not be.
    func watch() -> Int64? {
        guard question != nil || isWatching else { return nil }
        let isWanted = question != nil && isInForeground
        if isWanted != isWatching {
            isWatching = isWanted
            if isWanted {
                loop.add(STDIN_FILENO, .terminal)
            } else {
                loop.remove(.terminal)
            }
        }
        return question == nil || isWanted ? nil : AnswerPrompt.foregroundInterval
    }

    /// Takes what was typed; the end of all input is an answer too.
    ///
    /// - Returns: what the scheduler is to be told; nil as long as the question waits.
    func takeAnswer() -> SchedulerInput? {
        guard var question, isInForeground else { return nil }
        var buffer = [UInt8](repeating: 0, count: 1024)
        let size = buffer.count
        let count = LibC.read(STDIN_FILENO, &buffer, size)
        if count < 0, errno == EINTR || errno == EAGAIN { return nil }
        guard count > 0 else {
            endQuestion(typedLines: 0)
            return .decided(step: question.step, .halt)
        }
        typed += buffer[..<count]
        guard let end = typed.firstIndex(where: { $0 == 0x0A || $0 == 0x0D }) else {
            if typed.count > AnswerPrompt.longestAnswer { typed = [] }
            return nil
        }
        let line = String(decoding: typed[..<end], as: UTF8.self)
        typed = []
        if let decision = question.decision(for: line) {
            endQuestion(typedLines: 1)
            return .decided(step: question.step, decision)
        }
        question.misread = line
        self.question = question
        recorder.ask(question, typedLines: 1)
        return nil
    }

    private func endQuestion(typedLines: Int) {
        question = nil
        typed = []
        recorder.ask(nil, typedLines: typedLines)
        _ = watch()
    }

    /// What was typed before a question is no answer to it.
    private func forgetTyped() {
        typed = []
        if isInForeground { tcflush(STDIN_FILENO, TCIFLUSH) }
    }

    /// Whether this process may read the terminal; where it is not this session's, nobody minds.
    private var isInForeground: Bool {
        let group = tcgetpgrp(STDIN_FILENO)
        return group < 0 || group == getpgrp()
    }
}
