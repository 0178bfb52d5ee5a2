import WorkflowModel

/// Reports valid keys that have no effect with the other settings.
extension ValueReader {
    mutating func reportIdleKeys(of step: Step, in table: DocumentTable) {
        if step.recovery.retries == 0, !step.recovery.retryOn.isEmpty,
            let entry = table.entry("retry_on")
        {
            report(
                .warning(
                    "`retry_on` has no effect without `retries`", at: entry.keyRange,
                    help: "add `retries = 1`, or remove it"))
        }
        if step.gating.always,
            let entry = table.entry("critical") ?? table.entry("critical_flag")
        {
            report(
                .warning(
                    "`\(entry.key)` has no effect with `always = true`: no failure at the end "
                        + "halts anything", at: entry.keyRange, help: "remove it"))
        }
    }

    mutating func reportIdleThrottle(_ entry: DocumentTable.Entry, _ table: DocumentTable) {
        guard table.entry("exit_codes") == nil, table.entry("pattern") == nil else { return }
        report(
            .warning(
                "`throttle` has no effect: neither `exit_codes` nor `pattern` says which failures "
                    + "mean \"busy\"", at: entry.keyRange,
                help: "add for example `exit_codes = [75]` or `pattern = \"rate limit\"`"))
    }
}

extension WorkflowDecoder {
    /// Reports breakers of resources that no step takes.
    mutating func reportIdleBreakers(takenBy steps: [[Step]]) {
        let owners = workflow.resources.filter { $0.breaker != nil }
        guard !hasLostSteps, !owners.isEmpty || workflow.execution.breaker != nil else { return }
        var taken: Set<String> = []
        for list in steps {
            for step in list { for use in step.resources { taken.insert(use.name) } }
        }
        for resource in owners where !taken.contains(resource.name) {
            reader.report(
                .warning(
                    "the breaker of `\(resource.name)` has no effect: no step takes it",
                    at: resource.range,
                    help: "name it where it is needed: "
                        + "`resources_required = [\"\(resource.name)\"]`"))
        }
        let own = Set(owners.map(\.name))
        guard workflow.execution.breaker != nil, taken.allSatisfy(own.contains) else { return }
        reader.report(
            .warning(
                "`[execution.breaker]` has no effect: no step takes a resource"
                    + (taken.isEmpty ? "" : " without a breaker of its own"), at: breakerPlace,
                help: "name one where it is needed: `resources_required = [\"api\"]`"))
    }
}

extension DocumentTable {
    /// The entry under a key.
    func entry(_ key: String) -> Entry? { entries.first { $0.key == key } }
}
