/// Steps of a phase that were skipped together, as `progress.json` shows them.
extension RunRecord {
    /// Fewer steps have an entry each.
    static let leastTogether = 64
    /// Most groups of a phase that are looked for.
    private static let maxGroups = 16

    /// The steps of a phase to which nothing happened but that they were skipped, by time and reason,
    /// where many have both in common; as positions in the phase.
    func skippedTogether(in phase: RunLayout.Phase) -> [StepRanges] {
        guard phase.steps.count >= Self.leastTogether else { return [] }
        var groups: [(first: Int, positions: [Int])] = []
        for (position, index) in phase.steps.enumerated()
        where steps.indices.contains(index) && steps[index].wasOnlySkipped
            && causes[index] == nil
        {
            let step = steps[index]
            let place = groups.lastIndex { group in
                let other = steps[group.first]
                return other.completedAt == step.completedAt && other.reason == step.reason
            }
            if let place {
                groups[place].positions.append(position)
            } else if groups.count < Self.maxGroups {
                groups.append((index, [position]))
            }
        }
        return groups.filter { $0.positions.count >= Self.leastTogether }.map {
            StepRanges($0.positions)
        }
    }
}

extension StepRecord {
    /// Whether all that there is to say of it is when it was skipped, and why.
    fileprivate var wasOnlySkipped: Bool {
        status == .skipped && firstLaunchedAt == nil && recordedEvents.isEmpty
            && attempts == 0 && execution == 0 && pid == nil && exit == nil && usage == nil
            && error == nil && leftovers.isEmpty
    }
}

extension JSONWriter {
    /// Writes the member `skipped_together` of a phase, where there are such steps.
    mutating func write(
        _ groups: [StepRanges], in phase: RunLayout.Phase, of record: RunRecord
    ) {
        guard !groups.isEmpty else { return }
        key("skipped_together")
        beginArray()
        for group in groups {
            guard let index = group.first.map({ phase.steps[$0] }) else {
                continue
            }
            beginObject()
            member("count", group.count)
            member("positions", group)
            member("status", StepStatus.skipped.rawValue)
            optional("reason", record.reasonText(of: index))
            optional("reason_code", record.steps[index].reason?.code)
            moment(
                "completed_at", record.steps[index].completedAt, since: record.header.startedAt)
            endObject()
        }
        endArray()
    }
}
