/// A failed system call.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call, as a person would name it ("open").
    public var call: String
    /// Its subject, usually a path.
    public var subject: String
    /// The error number.
    public var code: Int32
    /// Why stepvisor refuses something that the system would have allowed; nil for a system error.
    private var refusal: String?
    /// What to do about a refusal.
    var refusalAdvice: String?

    /// A failure with this error number.
    public init(_ call: String, _ subject: String, code: Int32) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    /// A refusal to use something.
    public init(refusing subject: String, because reason: String, advice: String? = nil) {
        self.init("use", subject, code: EPERM)
        refusal = reason
        refusalAdvice = advice
    }

    /// The failure of the last call: reads this thread's `errno`.
    package init(_ call: String, _ subject: String) { self.init(call, subject, code: errno) }

    /// The sentence that a user reads: "cannot open `x`: Permission denied".
    public var description: String {
        "cannot \(call) `\(subject)`: \(refusal ?? SystemError.text(of: code))"
    }

    /// The sentence, and what to do about the error.
    package var descriptionWithAdvice: String { description + (advice.map { "; \($0)" } ?? "") }

    /// The system's text for an error number.
    package static func text(of code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        let end = buffer.firstIndex(of: 0) ?? buffer.endIndex
        return String(decoding: buffer[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
