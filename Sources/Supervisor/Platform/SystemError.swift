#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What a system call said when it failed.
public struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call, as a person would name it ("open").
    public var call: String
    /// What it was about, usually a path.
    public var subject: String
    /// The error number.
    public var code: Int32
    /// Why something is not used that the system would have allowed; nil for what the system said.
    private var refusal: String?
    /// What to do about a refusal.
    var refusalAdvice: String?

    /// Takes note of a failure with this error number.
    public init(_ call: String, _ subject: String, code: Int32) {
        self.call = call
        self.subject = subject
        self.code = code
    }

    /// Refuses to use something.
    public init(refusing subject: String, because reason: String, advice: String? = nil) {
        self.init("use", subject, code: EPERM)
        refusal = reason
        refusalAdvice = advice
    }

    /// Takes note of the call that has just failed: reads this thread's `errno`.
    init(_ call: String, _ subject: String) { self.init(call, subject, code: errno) }

    /// The sentence that a user reads: "cannot open `x`: Permission denied".
    public var description: String {
        "cannot \(call) `\(subject)`: \(refusal ?? SystemError.text(of: code))"
    }

    /// The same, and what to do about it.
    var descriptionWithAdvice: String { description + (advice.map { "; \($0)" } ?? "") }

    /// What the system calls an error number.
    static func text(of code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        let end = buffer.firstIndex(of: 0) ?? buffer.endIndex
        return String(decoding: buffer[..<end].map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
