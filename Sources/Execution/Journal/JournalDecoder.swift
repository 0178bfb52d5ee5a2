/// Turns the journal's lines back into events by the table ``JournalEvents``; the other half of
/// ``JournalEncoder``.
struct JournalDecoder {
    /// What a line turned out to be.
    enum Line {
        case event(RunEvent)
        /// An event that this version does not know, by name.
        case unknown(String)
        case malformed
    }

    let header: RunHeader
    private let indices: [String: Int]

    init(header: RunHeader) {
        self.header = header
        indices = Dictionary(
            header.steps.enumerated().map { ($0.element.id, $0.offset) },
            uniquingKeysWith: { first, _ in first })
    }

    func decode(_ line: UnsafeBufferPointer<UInt8>) -> Line {
        guard case .object(let members) = JSONReader.value(of: line) else { return .malformed }
        return decode(members)
    }

    func decode(_ members: JSONMembers) -> Line {
        guard let name = members.text("event"), let time = Self.time(members) else {
            return .malformed
        }
        guard let form = JournalEvents.byName[name] else { return .unknown(name) }
        guard let kind = form.read(members, self) else { return .malformed }
        return .event(RunEvent(kind, at: time))
    }

    private static func time(_ members: JSONMembers) -> RunTime? {
        let (number, unit): (Int64, Int64)
        switch members["t"] {
        case .thousandths(let microseconds): (number, unit) = (microseconds, 1000)
        case .integer(let milliseconds): (number, unit) = (milliseconds, 1_000_000)
        default: return nil
        }
        let (nanoseconds, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow ? nil : RunTime(nanoseconds: nanoseconds)
    }

    // MARK: - What several fields have in common

    /// A step by its id, or by its index where it had none; nil for a stranger's id.
    func step(_ members: JSONMembers, _ name: String) -> Int? {
        if let id = members.text(name) { return indices[id] }
        return members.integer(name)
    }

    /// The member `reason`; of a newer version's reason its name is all that can be kept.
    func reason(_ members: JSONMembers) -> StepReason? {
        guard case .object(let reason) = members["reason"], let code = reason.text("code") else {
            return nil
        }
        guard let form = JournalReasons.byCode[code] else { return .other(code) }
        return form.read(reason, self)
    }

    static func exit(_ members: JSONMembers) -> ExitStatus? {
        if let code: Int32 = members.integer("exit_code") { return .exited(code) }
        return members.integer("signal").map {
            .signalled($0, coreDumped: members.truth("core_dumped"))
        }
    }

    static func usage(_ members: JSONMembers) -> ResourceUsage? {
        guard let user: Int64 = members.integer("user_us"),
            let system: Int64 = members.integer("system_us")
        else { return nil }
        return ResourceUsage(
            userMicroseconds: user, systemMicroseconds: system,
            peakMemoryKiB: members.integer("peak_memory_kib"))
    }
}
