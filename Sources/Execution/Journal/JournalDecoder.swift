/// Turns the journal's lines back into events; the other half of ``JournalEncoder``.
struct JournalDecoder {
    /// What a line turned out to be.
    enum Line {
        case event(RunEvent)
        /// An event that this version does not know, by name.
        case unknown(String)
        case malformed
    }

    private let header: RunHeader
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
        guard let decode = Self.decoders[name] else { return .unknown(name) }
        guard let kind = decode(self, members) else { return .malformed }
        return .event(RunEvent(kind, at: time))
    }

    private static let decoders: [String: @Sendable (Self, JSONMembers) -> RunEvent.Kind?] = [
        "run_started": { decoder, _ in .runStarted(decoder.header) },
        "launched": { $0.launched($1) },
        "started": { $0.started($1) },
        "waiting": { $0.waiting($1) },
        "terminating": { $0.terminating($1) },
        "killed": { $0.step($1).map { .killed(step: $0) } },
        "leftovers": { $0.leftovers($1) },
        "log_part": { $0.logPart($1) },
        "check_started": { $0.checkStarted($1) },
        "outputs_empty": { $0.outputsEmpty($1) },
        "attempt_failed": { $0.attemptFailed($1) },
        "retry_scheduled": { $0.retryScheduled($1) },
        "review_wanted": { $0.step($1).map { .reviewWanted(step: $0) } },
        "decided": { $0.decided($1) },
        "threshold_reached": { $0.thresholdReached($1) },
        "mode_changed": { _, members in
            members.text("mode").flatMap { ReviewMode(rawValue: $0) }.map { .modeChanged($0) }
        },
        "throttled": { $0.throttled($1) },
        "throttle_eased": { _, members in
            members.integer("limit").map {
                .throttleEased(resource: members.text("resource"), limit: $0)
            }
        },
        "breaker_changed": { $0.breakerChanged($1) },
        "finalizing": { _, _ in .finalizing },
        "inputs_changed": { decoder, members in
            // Journals of earlier versions do not say which.
            let cause = members.causes()?.first { $0.kind == .inputsMoved }
            return decoder.step(members).map {
                .inputsChanged(step: $0, cause ?? RunReason(.inputsMoved))
            }
        },
        "due": { decoder, members in
            guard let step = decoder.step(members) else { return nil }
            return members.causes().map { .due(step: step, $0) }
        },
        "ended": { $0.ended($1) },
        "skipped": { $0.skipped($1) },
        "skipped_together": { $0.skippedTogether($1) },
        "halting": { $0.step($1).map { .halting(step: $0) } },
        "group_halting": { $0.step($1).map { .groupHalting(step: $0) } },
        "stopping": { _, members in members.integer("signal").map { .stopping(signal: $0) } },
        "faulted": { _, members in
            guard let reason = members.text("reason"), let error = members.text("error") else {
                return nil
            }
            return .faulted(RunFault(reason: reason, error: error))
        },
        "limit_reached": { _, members in
            limit(members).map { kind, limit in
                var phase: Barrier?
                if let task: Int = members.integer("task"),
                    let number: Int = members.integer("phase")
                {
                    phase = Barrier(task: task, phase: number)
                }
                return .limitReached(kind, limitMilliseconds: limit, phase: phase)
            }
        },
        "barrier_passed": { _, members in
            guard let task: Int = members.integer("task"),
                let phase: Int = members.integer("phase")
            else { return nil }
            return .barrierPassed(task: task, phase: phase)
        },
        "suspended": { _, _ in .suspended },
        "resumed": { _, members in members.integer("after_ns").map { .resumed(after: $0) } },
        "reading": { _, members in members.text("text").map { .reading($0) } },
        "warning": { $0.warning($1) },
        "run_ended": { _, members in
            members.text("status").flatMap { RunStatus(rawValue: $0) }.map { .runEnded($0) }
        },
    ]

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

    /// A step by its id, or by its index where it had none; nil for a stranger's id.
    func step(_ members: JSONMembers, _ name: String = "step") -> Int? {
        if let id = members.text(name) { return indices[id] }
        return members.integer(name)
    }

    private func launched(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members), let attempt: Int = members.integer("attempt"),
            let execution: Int = members.integer("execution")
        else { return nil }
        guard let method = Self.method(members) else { return nil }
        return .launched(step: step, attempt: attempt, method: method, execution: execution)
    }

    static func method(_ members: JSONMembers) -> StepMethod? {
        if let backup: Int = members.integer("method") { return .backup(backup) }
        return members.text("method") == "primary" ? .primary : nil
    }

    private func started(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members), let pid: Int32 = members.integer("pid"),
            let ticks: UInt64 = members.integer("start")
        else { return nil }
        return .started(
            step: step, pid: pid, startTicks: ticks, basis: Self.basis(members))
    }

    private func waiting(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members), let resource = members.text("resource") else { return nil }
        let holder = LockHolder(
            resource: resource, pid: members.integer("pid"), runID: members.text("run_id"),
            step: members.text("holder"), since: members.text("since"),
            isEnding: members.truth("ending"),
            why: members.text("why").flatMap { LockHolder.Why(rawValue: $0) } ?? .resource)
        return .waiting(step: step, holder: holder)
    }

    private func terminating(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members), let signal: Int32 = members.integer("signal"),
            let reason = reason(members)
        else { return nil }
        return .terminating(step: step, signal: signal, reason: reason)
    }

    private func leftovers(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members), let processes = members.array("processes") else {
            return nil
        }
        var leftovers: [Leftover] = []
        for case .object(let process) in processes {
            guard let pid: Int32 = process.integer("pid"), let command = process.text("command"),
                let age: Int64 = process.integer("age_ms")
            else { return nil }
            leftovers.append(Leftover(pid: pid, command: command, ageMilliseconds: age))
        }
        return .leftovers(step: step, leftovers)
    }

    private func ended(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members),
            let status = members.text("status").flatMap({ StepStatus(rawValue: $0) })
        else { return nil }
        var end = StepEnd(status: status, isAllowed: members.truth("allowed"))
        if members["reason"] != nil {
            guard let reason = reason(members) else { return nil }
            end.reason = reason
        }
        end.exit = Self.exit(members)
        end.usage = Self.usage(members)
        end.error = members.text("error")
        return .ended(step: step, end)
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

    private func skipped(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let step = step(members), let reason = reason(members) else { return nil }
        return .skipped(step: step, reason)
    }

    private func skippedTogether(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let steps = StepRanges(members, "steps", below: header.steps.count),
            let reason = reason(members)
        else { return nil }
        return .skippedTogether(steps, reason)
    }

    private func warning(_ members: JSONMembers) -> RunEvent.Kind? {
        guard let text = members.text("text") else { return nil }
        guard members["step"] != nil else { return .warning(step: nil, text) }
        guard let step = step(members) else { return nil }
        return .warning(step: step, text)
    }

    func reason(_ members: JSONMembers) -> StepReason? {
        guard case .object(let reason) = members["reason"], let code = reason.text("code") else {
            return nil
        }
        switch code {
        case "exited":
            return reason.integer("exit_code").map { .exited($0) }
        case "signalled":
            return reason.integer("signal").map {
                .signalled($0, coreDumped: reason.truth("core_dumped"))
            }
        case "not_started":
            return reason.text("message").map { .notStarted($0) }
        case "timed_out":
            return Self.limit(reason).map { .timedOut($0, limitMilliseconds: $1) }
        case "left_processes":
            return reason.integer("count").map { .leftProcesses($0) }
        case "dependency_failed":
            return step(reason, "cause").map { .dependencyFailed($0) }
        case "halted":
            return step(reason, "cause").map { .halted(by: $0) }
        case "interrupted":
            return reason.integer("signal").map { .interrupted($0) }
        case "faulted":
            return reason.text("message").map { .faulted($0) }
        case "not_selected":
            return .notSelected
        case "other":
            return reason.text("message").map { .other($0) }
        default:
            return lateReason(code, reason)
        }
    }

    private func lateReason(_ code: String, _ reason: JSONMembers) -> StepReason? {
        switch code {
        case "wanted_terminal":
            return reason.integer("signal").map { .wantedTerminal($0) }
        case "unkillable":
            return reason.array("pids").map { pids in
                .unkillable(
                    pids.compactMap { pid in
                        if case .integer(let number) = pid { Int32(exactly: number) } else { nil }
                    })
            }
        case "outputs_missing":
            return reason.array("patterns").map { patterns in
                .outputsMissing(
                    patterns.compactMap { pattern in
                        if case .string(let text) = pattern { text } else { nil }
                    })
            }
        case "done_earlier":
            return reason.text("run").map { .doneEarlier(run: $0, basis: Self.basis(reason)) }
        case "up_to_date": return reason.text("run").map { .upToDate(run: $0) }
        case "unchanged": return reason.text("since").map { .unchanged(since: $0) }
        case "restored": return reason.text("run").map { .restored(run: $0) }
        default:
            return policyReason(code, reason)
        }
    }

    private static func basis(_ members: JSONMembers) -> StepBasis? {
        members.text("basis").flatMap { StepBasis(text: $0) }
    }

    private static func limit(
        _ members: JSONMembers
    ) -> (kind: TimeoutKind, milliseconds: Int64)? {
        guard let kind = members.text("limit").flatMap({ TimeoutKind(rawValue: $0) }),
            let milliseconds: Int64 = members.integer("limit_ms")
        else { return nil }
        return (kind, milliseconds)
    }
}
