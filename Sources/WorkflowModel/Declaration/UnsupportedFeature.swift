/// A declared feature that this version reads, checks and keeps but does not carry out.
public struct UnsupportedFeature: Hashable, Sendable {
    /// The key, as declared.
    public var name: String
    /// The steps that declare it; empty for a setting of the workflow.
    public var steps: [StepID]
    /// What happens instead, as a clause.
    public var effect: String

    /// Names a feature.
    public init(_ name: String, of steps: [StepID] = [], effect: String) {
        self.name = name
        self.steps = steps
        self.effect = effect
    }

    /// The line that a run prints.
    public var line: String {
        "not yet honoured: \(name)\(stepList): \(effect)"
    }

    private var stepList: String {
        guard !steps.isEmpty else { return "" }
        let shown = steps.prefix(5).map(\.rawValue).joined(separator: ", ")
        let more = steps.count > 5 ? " and \(steps.count - 5) more" : ""
        return " (\(steps.count == 1 ? "step" : "steps") \(shown)\(more))"
    }
}

extension Workflow {
    /// Everything declared that is not carried out; nothing is left out silently.
    public var notYetHonoured: [UnsupportedFeature] { stepKeysNotHonoured }

    /// Declared keys that have no effect with the other settings: one line each.
    public var withoutEffect: [String] {
        guard execution.phaseTimeout != nil, !execution.barriers else { return [] }
        return ["`phase_timeout` has no effect without `barriers = true` or `--barriers`"]
    }

    private var stepKeysNotHonoured: [UnsupportedFeature] {
        var keys = Self.stepKeys.map { (key: $0, steps: [StepID]()) }
        for position in steps.indices {
            // One cheap test for a plain step, which most are.
            guard steps[position].declaresMoreThanItsRun else { continue }
            for number in keys.indices where keys[number].key.isDeclared(steps[position]) {
                keys[number].steps.append(steps[position].id)
            }
        }
        var found: [UnsupportedFeature] = []
        for (key, declaring) in keys {
            guard !declaring.isEmpty else { continue }
            found.append(UnsupportedFeature(key.name, of: declaring, effect: key.effect))
        }
        return found
    }

    private struct StepKey {
        var name: String
        var effect: String
        var isDeclared: @Sendable (Step) -> Bool
    }

    private static let stepKeys: [StepKey] = [
        StepKey(name: "mode", effect: "the step asks no questions") {
            $0.recovery.mode != nil && $0.recovery.mode != "silent"
        }
    ]
}

extension Step {
    fileprivate var declaresMoreThanItsRun: Bool {
        hasRecovery || hasGating
    }
}
