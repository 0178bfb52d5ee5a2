extension JSONWriter {
    /// Writes why a step has to run, as journal and `progress.json` have it: the member `causes`.
    package mutating func write(_ causes: [RunReason]) {
        key("causes")
        beginArray()
        for cause in causes {
            beginObject()
            member("cause", cause.kind.rawValue)
            if !cause.details.isEmpty {
                key("details")
                beginArray()
                for detail in cause.details { write(detail) }
                endArray()
            }
            if cause.omitted > 0 { member("omitted", cause.omitted) }
            endObject()
        }
        endArray()
    }

    private mutating func write(_ detail: RunReason.Detail) {
        beginObject()
        member("subject", detail.subject)
        if let change = detail.change { member("change", change) }
        if let old = detail.old { member("old", old) }
        if let new = detail.new { member("new", new) }
        endObject()
    }
}

extension JSONMembers {
    /// Reads what ``JSONWriter/write(_:)`` wrote; causes of a newer version are left out.
    func causes() -> [RunReason]? {
        array("causes").map { causes in
            causes.compactMap { value in
                guard case .object(let members) = value,
                    let kind = members.text("cause").flatMap({ RunReason.Kind(rawValue: $0) })
                else { return nil }
                let details = (members.array("details") ?? []).compactMap(Self.detail)
                return RunReason(kind, details, omitted: members.integer("omitted") ?? 0)
            }
        }
    }

    private static func detail(_ value: JSONValue) -> RunReason.Detail? {
        guard case .object(let members) = value, let subject = members.text("subject") else {
            return nil
        }
        return RunReason.Detail(
            subject, change: members.text("change"), old: members.text("old"),
            new: members.text("new"))
    }
}

extension JSONWriter {
    /// Writes what a run skips, where it skips anything: `smart_execution`, `since`, `cache`.
    mutating func writeSmart(of header: RunHeader) {
        switch header.smart {
        case .off: break
        case .remembered: member("smart_execution", true)
        case .since(let revision): member("since", revision)
        }
        if header.usesCache { member("cache", true) }
    }
}

extension JSONMembers {
    /// Reads what ``JSONWriter/writeSmart(of:)`` wrote.
    func smartChoice() -> SmartChoice {
        if let revision = text("since") { return .since(revision) }
        return truth("smart_execution") ? .remembered : .off
    }
}
