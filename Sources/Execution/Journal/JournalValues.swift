/// The values of events that take several members of a line.
extension Field {
    /// Who holds a step back.
    static var holder: JournalField<LockHolder> {
        JournalField { holder, encoder in
            encoder.writer.member("resource", holder.resource)
            if let pid = holder.pid { encoder.writer.member("pid", pid) }
            if let runID = holder.runID { encoder.writer.member("run_id", runID) }
            if let step = holder.step { encoder.writer.member("holder", step) }
            if let since = holder.since { encoder.writer.member("since", since) }
            if holder.isEnding { encoder.writer.member("ending", true) }
            if holder.why != .resource { encoder.writer.member("why", holder.why.rawValue) }
        } read: { members, _ in
            guard let resource = members.text("resource") else { return nil }
            return LockHolder(
                resource: resource, pid: members.integer("pid"), runID: members.text("run_id"),
                step: members.text("holder"), since: members.text("since"),
                isEnding: members.truth("ending"),
                why: members.text("why").flatMap { LockHolder.Why(rawValue: $0) } ?? .resource)
        }
    }

    /// Processes that outlived a step.
    static var processes: JournalField<[Leftover]> {
        JournalField { leftovers, encoder in
            encoder.writer.key("processes")
            encoder.writer.beginArray()
            for leftover in leftovers {
                encoder.writer.beginObject()
                encoder.writer.member("pid", leftover.pid)
                encoder.writer.member("command", leftover.command)
                encoder.writer.member("age_ms", leftover.ageMilliseconds)
                encoder.writer.endObject()
            }
            encoder.writer.endArray()
        } read: { members, _ in
            guard let processes = members.array("processes") else { return nil }
            var leftovers: [Leftover] = []
            for case .object(let process) in processes {
                guard let pid: Int32 = process.integer("pid"),
                    let command = process.text("command"),
                    let age: Int64 = process.integer("age_ms")
                else { return nil }
                leftovers.append(Leftover(pid: pid, command: command, ageMilliseconds: age))
            }
            return leftovers
        }
    }

    /// Why a step has to run.
    static var causes: JournalField<[RunReason]> {
        JournalField { causes, encoder in
            encoder.writer.write(causes)
        } read: { members, _ in
            members.causes()
        }
    }

    /// What changed while a step ran; journals of earlier versions do not say it.
    static var change: JournalField<RunReason> {
        JournalField { cause, encoder in
            encoder.writer.write([cause])
        } read: { members, _ in
            members.causes()?.first { $0.kind == .inputsMoved } ?? RunReason(.inputsMoved)
        }
    }

    /// Where a part of a log begins.
    static var logPart: JournalField<LogPart> {
        JournalField { part, encoder in
            encoder.writer.member("execution", part.execution)
            if part.isCheck { encoder.writer.member("check", true) }
            encoder.writer.member("previous_end", part.previousEnd)
            encoder.writer.member("start", part.start)
        } read: { members, _ in
            guard let execution: Int32 = members.integer("execution"),
                let previousEnd: Int64 = members.integer("previous_end"),
                let start: Int64 = members.integer("start")
            else { return nil }
            return LogPart(
                execution: execution, isCheck: members.truth("check"), previousEnd: previousEnd,
                start: start)
        }
    }

    /// How a step ended.
    static var end: JournalField<StepEnd> {
        JournalField { end, encoder in
            encoder.writer.member("status", end.status.rawValue)
            encoder.write(end.exit)
            if let reason = end.reason { encoder.write(reason) }
            encoder.write(end.usage)
            if end.isAllowed { encoder.writer.member("allowed", true) }
            if let error = end.error { encoder.writer.member("error", error) }
        } read: { members, decoder in
            guard let status = members.text("status").flatMap({ StepStatus(rawValue: $0) }) else {
                return nil
            }
            var end = StepEnd(status: status, isAllowed: members.truth("allowed"))
            if members["reason"] != nil {
                guard let reason = decoder.reason(members) else { return nil }
                end.reason = reason
            }
            end.exit = JournalDecoder.exit(members)
            end.usage = JournalDecoder.usage(members)
            end.error = members.text("error")
            return end
        }
    }

    /// How an attempt failed after which its step goes on.
    static var failure: JournalField<AttemptFailure> {
        JournalField { failure, encoder in
            encoder.write(failure.exit)
            encoder.write(failure.reason)
            encoder.write(failure.usage)
            if failure.isBusy { encoder.writer.member("busy", true) }
            if let error = failure.error { encoder.writer.member("error", error) }
        } read: { members, decoder in
            guard let reason = decoder.reason(members) else { return nil }
            return AttemptFailure(
                reason: reason, exit: JournalDecoder.exit(members),
                usage: JournalDecoder.usage(members), isBusy: members.truth("busy"),
                error: members.text("error"))
        }
    }

    /// Why a step has its status.
    static var reason: JournalField<StepReason> {
        JournalField { reason, encoder in
            encoder.write(reason)
        } read: { members, decoder in
            decoder.reason(members)
        }
    }

    /// How a process ended.
    static var exit: JournalField<ExitStatus> {
        JournalField { exit, encoder in
            encoder.write(exit)
        } read: { members, _ in
            JournalDecoder.exit(members)
        }
    }

    /// What is written only where it holds.
    static func truth(_ name: StaticString) -> JournalField<Bool> {
        let key = name.description
        return JournalField { truth, encoder in
            if truth { encoder.writer.member(name, true) }
        } read: { members, _ in
            members.truth(key)
        }
    }

    /// A phase, where the event is about one.
    static var phase: JournalField<Barrier?> {
        JournalField { phase, encoder in
            guard let phase else { return }
            encoder.writer.member("task", phase.task)
            encoder.writer.member("phase", phase.phase)
        } read: { members, _ in
            guard let task: Int = members.integer("task"),
                let phase: Int = members.integer("phase")
            else { return .some(nil) }
            return .some(Barrier(task: task, phase: phase))
        }
    }

    /// What the run is: the rest of the first line.
    static var header: JournalField<RunHeader> {
        JournalField { header, encoder in
            encoder.write(header)
        } read: { _, decoder in
            decoder.header
        }
    }
}
