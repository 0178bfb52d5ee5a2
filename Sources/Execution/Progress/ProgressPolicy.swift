/// What a run did about failures, as `progress.json` shows it.
extension JSONWriter {
    /// Modes, decisions, limits and breakers.
    mutating func writePolicy(of record: RunRecord) {
        let start = record.header.startedAt
        member("mode", record.mode.rawValue)
        key("mode_changes")
        beginArray()
        for change in record.modeChanges {
            beginObject()
            member("mode", change.mode.rawValue)
            moment("timestamp", change.time, since: start)
            endObject()
        }
        endArray()
        key("reviews")
        beginArray()
        for (step, review) in record.reviews {
            beginObject()
            member("step_id", record.name(of: step))
            moment("wanted_at", review.wantedAt, since: start)
            optional("decision", review.decision?.word)
            moment("decided_at", review.decidedAt, since: start)
            endObject()
        }
        endArray()
        writeThrottles(of: record)
        key("breakers")
        beginArray()
        for breaker in record.breakers {
            beginObject()
            member("resource", breaker.resource)
            member("state", breaker.phase.rawValue)
            member("opened", breaker.openings)
            endObject()
        }
        endArray()
    }

    private mutating func writeThrottles(of record: RunRecord) {
        key("throttled")
        beginArray()
        for throttle in record.throttles {
            beginObject()
            optional("resource", throttle.resource)
            member("times", throttle.count)
            member("limit", throttle.limit)
            member("lowest_limit", throttle.leastLimit)
            key("steps")
            beginArray()
            for step in throttle.steps { string(record.name(of: step)) }
            endArray()
            endObject()
        }
        endArray()
    }

    /// What happened to more than one step, in order.
    mutating func writeSharedEvents(of record: RunRecord) {
        key("events")
        beginArray()
        for event in record.sharedEvents {
            beginObject()
            write(event.kind, of: record)
            moment("timestamp", event.time, since: record.header.startedAt)
            endObject()
        }
        endArray()
    }

    /// An event by the name that the journal has for it, with what `progress.json` says of it.
    private mutating func write(_ kind: RunEvent.Kind, of record: RunRecord) {
        member("event", kind.name)
        switch kind {
        case .throttled(_, let resource, let limit, let delay):
            optional("resource", resource)
            member("limit", limit)
            member("delay_ms", delay)
        case .throttleEased(let resource, let limit):
            optional("resource", resource)
            member("limit", limit)
        case .breakerChanged(let resource, let phase, _):
            member("resource", resource)
            member("state", phase.rawValue)
        case .modeChanged(let mode): member("mode", mode.rawValue)
        case .thresholdReached(_, let failures): member("failures", failures)
        case .decided(_, let decision): member("decision", decision.word)
        case .stopping(let signal): member("signal", SignalName.name(of: signal))
        case .faulted(let fault):
            member("reason", fault.reason)
            member("error", fault.error)
        case .limitReached(let kind, let limit, let phase):
            member("limit", kind.rawValue)
            member("limit_ms", limit)
            if let phase { member("phase", record.name(of: phase)) }
        case .resumed(let nanoseconds): member("after_ms", nanoseconds / 1_000_000)
        case .groupHalting(let step) where record.header.steps.indices.contains(step):
            optional("parallel_group", record.header.steps[step].parallelGroup)
        default: break
        }
        if let step = kind.step { member("step_id", record.name(of: step)) }
    }
}
