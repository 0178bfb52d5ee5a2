/// Masks secrets in events, once, before anything else sees them: journal, `progress.json` and
/// views fold the masked events.
extension RunEvent.Kind {
    /// The event with every text in it masked, except ids of steps.
    public func masked(by mask: SecretMask) -> RunEvent.Kind {
        if mask.isEmpty { return self }
        switch self {
        case .runStarted(let header):
            return .runStarted(header.masked(by: mask))
        case .waiting(let step, let holder):
            return .waiting(step: step, holder: holder.masked(by: mask))
        case .terminating(let step, let signal, let reason):
            return .terminating(step: step, signal: signal, reason: reason.masked(by: mask))
        case .leftovers(let step, let leftovers):
            return .leftovers(
                step: step,
                leftovers.map { leftover in
                    var leftover = leftover
                    leftover.command = mask.masked(leftover.command)
                    return leftover
                })
        case .ended(let step, var end):
            end.reason = end.reason?.masked(by: mask)
            end.error = end.error.map { mask.masked($0) }
            return .ended(step: step, end)
        case .skipped(let step, let reason):
            return .skipped(step: step, reason.masked(by: mask))
        case .skippedTogether(let steps, let reason):
            return .skippedTogether(steps, reason.masked(by: mask))
        case .inputsChanged(let step, let cause):
            return .inputsChanged(step: step, cause.masked(by: mask))
        case .due(let step, let causes):
            return .due(step: step, causes.map { $0.masked(by: mask) })
        case .attemptFailed(let step, var failure):
            failure.reason = failure.reason.masked(by: mask)
            failure.error = failure.error.map { mask.masked($0) }
            return .attemptFailed(step: step, failure)
        case .faulted(let fault):
            return .faulted(
                RunFault(reason: mask.masked(fault.reason), error: mask.masked(fault.error)))
        case .outputsEmpty(let step, let paths):
            return .outputsEmpty(step: step, paths.map { mask.masked($0) })
        case .warning(let step, let text):
            return .warning(step: step, mask.masked(text))
        default:
            // The others hold numbers only.
            return self
        }
    }
}

extension RunHeader {
    /// The header with its descriptions and declared outputs masked.
    public func masked(by mask: SecretMask) -> RunHeader {
        if mask.isEmpty { return self }
        var header = self
        header.workflow = mask.masked(workflow)
        header.workflowFile = workflowFile.map { mask.masked($0) }
        for task in header.tasks.indices {
            header.tasks[task].description = mask.masked(header.tasks[task].description)
        }
        for step in header.steps.indices {
            header.steps[step].description = mask.masked(header.steps[step].description)
            header.steps[step].outputs = header.steps[step].outputs.map { mask.masked($0) }
            header.steps[step].parallelGroup = header.steps[step].parallelGroup.map {
                mask.masked($0)
            }
        }
        return header
    }
}

extension StepReason {
    fileprivate func masked(by mask: SecretMask) -> StepReason {
        switch self {
        case .notStarted(let message): .notStarted(mask.masked(message))
        case .groupHalted(let group, let step): .groupHalted(mask.masked(group), by: step)
        case .other(let text): .other(mask.masked(text))
        case .faulted(let text): .faulted(mask.masked(text))
        case .outputsMissing(let paths): .outputsMissing(paths.map { mask.masked($0) })
        case .conditionFalse(let text, let values):
            .conditionFalse(mask.masked(text), values: mask.masked(values))
        case .conditionError(let text, let message):
            .conditionError(mask.masked(text), message: mask.masked(message))
        case .successPatternMissing(let pattern): .successPatternMissing(mask.masked(pattern))
        default: self
        }
    }
}

extension RunReason {
    fileprivate func masked(by mask: SecretMask) -> RunReason {
        var cause = self
        cause.details = details.map { detail in
            Detail(
                mask.masked(detail.subject), change: detail.change,
                old: detail.old.map { mask.masked($0) }, new: detail.new.map { mask.masked($0) })
        }
        return cause
    }
}

extension LockHolder {
    fileprivate func masked(by mask: SecretMask) -> LockHolder {
        var holder = self
        holder.resource = mask.masked(resource)
        holder.runID = runID.map { mask.masked($0) }
        holder.step = step.map { mask.masked($0) }
        holder.since = since.map { mask.masked($0) }
        return holder
    }
}
