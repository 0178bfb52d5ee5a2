/// The lines of what happens between a step's first attempt and its end.
extension JournalEncoder {
    mutating func writeOfPolicy(_ kind: RunEvent.Kind) {
        switch kind {
        case .checkStarted(let step, let pid, let startTicks):
            name("check_started", of: step)
            writer.member("pid", pid)
            writer.member("start", startTicks)
        case .logPart(let step, let part):
            name("log_part", of: step)
            writer.member("execution", part.execution)
            if part.isCheck { writer.member("check", true) }
            writer.member("previous_end", part.previousEnd)
            writer.member("start", part.start)
        case .outputsEmpty(let step, let paths):
            name("outputs_empty", of: step)
            writer.key("paths")
            writer.beginArray()
            for path in paths { writer.string(path) }
            writer.endArray()
        case .attemptFailed(let step, let failure):
            name("attempt_failed", of: step)
            write(failure.exit)
            write(failure.reason)
            write(failure.usage)
            if failure.isBusy { writer.member("busy", true) }
            if let error = failure.error { writer.member("error", error) }
        case .retryScheduled(let step, let attempt, let method, let delay):
            name("retry_scheduled", of: step)
            writer.member("attempt", attempt)
            writer.key("method")
            write(method)
            writer.member("delay_ms", delay)
        case .reviewWanted(let step):
            name("review_wanted", of: step)
        case .decided(let step, let decision):
            name("decided", of: step)
            writer.member("decision", decision.word)
        case .thresholdReached(let step, let failures):
            name("threshold_reached", of: step)
            writer.member("failures", failures)
        case .finalizing:
            writer.string("finalizing")
        default:
            writeOfShares(kind)
        }
    }

    private mutating func writeOfShares(_ kind: RunEvent.Kind) {
        switch kind {
        case .modeChanged(let mode):
            writer.string("mode_changed")
            writer.member("mode", mode.rawValue)
        case .throttled(let step, let resource, let limit, let delay):
            name("throttled", of: step)
            if let resource { writer.member("resource", resource) }
            writer.member("limit", limit)
            writer.member("delay_ms", delay)
        case .throttleEased(let resource, let limit):
            writer.string("throttle_eased")
            if let resource { writer.member("resource", resource) }
            writer.member("limit", limit)
        case .breakerChanged(let resource, let phase, let step):
            writer.string("breaker_changed")
            writer.member("resource", resource)
            writer.member("phase", phase.rawValue)
            if let step { write(step: step, as: "step") }
        default:
            // Written by the callers.
            break
        }
    }
}
