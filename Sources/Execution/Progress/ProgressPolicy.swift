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

    private mutating func write(_ kind: RunEvent.Kind, of record: RunRecord) {
        key("event")
        switch kind {
        case .throttled(_, let resource, let limit, let delay):
            string("throttled")
            optional("resource", resource)
            member("limit", limit)
            member("delay_ms", delay)
        case .throttleEased(let resource, let limit):
            string("throttle_eased")
            optional("resource", resource)
            member("limit", limit)
        case .breakerChanged(let resource, let phase, _):
            string("breaker_changed")
            member("resource", resource)
            member("state", phase.rawValue)
        case .modeChanged(let mode):
            string("mode_changed")
            member("mode", mode.rawValue)
        case .thresholdReached(_, let failures):
            string("threshold_reached")
            member("failures", failures)
        case .reviewWanted:
            string("review_wanted")
        case .decided(_, let decision):
            string("decided")
            member("decision", decision.word)
        default:
            writeStop(kind, of: record)
        }
        if case .groupHalting(let step) = kind, record.header.steps.indices.contains(step) {
            optional("parallel_group", record.header.steps[step].parallelGroup)
        }
        if let step = kind.step { member("step_id", record.name(of: step)) }
    }

    private mutating func writeStop(_ kind: RunEvent.Kind, of record: RunRecord) {
        switch kind {
        case .halting: string("halting")
        case .groupHalting: string("group_halting")
        case .stopping(let signal):
            string("stopping")
            member("signal", SignalName.name(of: signal))
        case .faulted(let fault):
            string("faulted")
            member("reason", fault.reason)
            member("error", fault.error)
        case .limitReached(let kind, let limit, let phase):
            string("limit_reached")
            member("limit", kind.rawValue)
            member("limit_ms", limit)
            if let phase { member("phase", record.name(of: phase)) }
        case .finalizing: string("finalizing")
        case .suspended: string("suspended")
        case .resumed(let nanoseconds):
            string("resumed")
            member("after_ms", nanoseconds / 1_000_000)
        default: string("other")
        }
    }
}
