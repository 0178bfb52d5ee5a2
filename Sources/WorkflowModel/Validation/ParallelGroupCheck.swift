extension Validation {
    /// Warns of group settings that no step uses: the name is probably misspelt.
    mutating func checkParallelGroups() {
        guard !workflow.parallelGroups.isEmpty else { return }
        let named = Set(steps.lazy.compactMap(\.parallelGroup))
        for group in workflow.parallelGroups where !named.contains(group.name) {
            let name = Self.shown(group.name)
            let nearest = suggestion(for: group.name, among: named.sorted())
            report(
                .warning(
                    "no step is in group `\(name)`, so its settings have no effect",
                    at: group.range,
                    help: nearest ?? "a step is with `parallel_group = \"\(name)\"`"))
        }
    }
}
