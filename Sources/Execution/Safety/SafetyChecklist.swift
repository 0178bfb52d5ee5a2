import DependencyGraph
public import WorkflowModel

/// What must hold before the steps of a workflow run in parallel: the ten points of the source
/// documents' checklist, each judged by the declarations and the recorded runs.
///
/// A point requires an explicit declaration: a default that happens to fit is not a decision.
public struct SafetyChecklist: Sendable {
    /// The result for a point.
    public enum Verdict: String, Hashable, Sendable, CaseIterable {
        case met = "met"
        case notMet = "not_met"
        case notApplicable = "not_applicable"
    }

    /// A line of TOML that would satisfy a point, and where it belongs.
    public struct Addition: Hashable, Sendable {
        /// Where a line belongs.
        public enum Place: Hashable, Sendable {
            /// The `[execution]` table of the main file.
            case execution
            /// These steps, by index.
            case steps([Int])
        }

        /// Where.
        public var place: Place
        /// The line.
        public var toml: String
    }

    /// One point of the list.
    public struct Point: Sendable {
        /// From 1, in the source's order.
        public let number: Int
        /// What must hold, in the source's words.
        public let title: String
        /// The result.
        public let verdict: Verdict
        /// Why: a clause, or several separated by semicolons.
        public let reason: String
        /// What to set; empty unless the point is not met and the file can fix it.
        public let additions: [Addition]
        /// What to type instead or in addition, when that is not a line of the file.
        public let advice: String?
    }

    /// All ten, in order.
    public let points: [Point]

    /// Judges a workflow.
    ///
    /// - Parameters:
    ///   - resolved: A valid workflow.
    ///   - evidence: The evidence of its recorded runs.
    ///   - processors: The number of processors, for the proposed number of steps at once.
    public init(of resolved: ResolvedWorkflow, evidence: SafetyEvidence, processors: Int) {
        let judge = SafetyJudge(resolved, evidence, processors: processors)
        let findings: [(String, SafetyFinding)] = [
            ("All steps have explicit `dependencies` declared", judge.dependencies()),
            ("All steps declare `output_files` if they write to files", judge.outputs()),
            ("No output file conflicts detected", judge.conflicts()),
            ("`max_parallel_steps` configured appropriately", judge.parallelSteps()),
            (
                "Error propagation strategy chosen (recommend `halt_on_critical`)",
                judge.propagation()
            ),
            ("Critical steps identified correctly", judge.criticalSteps()),
            ("Backup methods defined for critical steps", judge.backups()),
            ("Tested sequentially first", judge.sequentialTest()),
            ("Progress logging verified", judge.logging()),
            ("Monitoring in place for failures", judge.monitoring()),
        ]
        points = findings.enumerated().map { index, entry in
            Point(
                number: index + 1, title: entry.0, verdict: entry.1.verdict,
                reason: entry.1.reason, additions: entry.1.additions, advice: entry.1.advice)
        }
    }

    /// Whether no point is unmet.
    public var isMet: Bool { count(of: .notMet) == 0 }

    /// The number of points with this result.
    public func count(of verdict: Verdict) -> Int { points.count { $0.verdict == verdict } }
}

/// The result of checking one point.
struct SafetyFinding {
    var verdict: SafetyChecklist.Verdict
    var reason: String
    var additions: [SafetyChecklist.Addition] = []
    var advice: String?

    static func met(_ reason: String) -> SafetyFinding {
        SafetyFinding(verdict: .met, reason: reason)
    }

    static func notApplicable(_ reason: String) -> SafetyFinding {
        SafetyFinding(verdict: .notApplicable, reason: reason)
    }

    static func notMet(
        _ reason: String, add additions: [SafetyChecklist.Addition] = [], advice: String? = nil
    ) -> SafetyFinding {
        SafetyFinding(
            verdict: .notMet, reason: reason, additions: additions, advice: advice)
    }
}
