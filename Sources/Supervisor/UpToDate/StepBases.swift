public import Execution
import FileState
import StateStore
import WorkflowModel

/// Tells what steps would be started from: what `--resume` compares with what they were.
public struct StepBases {
    private let ingredients: StepIngredients
    private let plan: RunPlan
    private let root: String
    private var looker: FileHasher

    /// For the steps of a plan.
    ///
    /// - Parameters:
    ///   - plan: Says what starts them.
    ///   - root: The project root, absolute.
    ///   - environment: What steps inherit, for `env_inputs`.
    public init(plan: RunPlan, root: String, environment: [String: String]) {
        self.plan = plan
        self.root = root
        let hasSecrets = !plan.resolved.workflow.execution.secrets.isEmpty
        ingredients = StepIngredients(
            plan: plan, inherited: environment,
            key: hasSecrets ? ProjectKey.text(root: root) : nil)
        looker = FileHasher(root: root)
    }

    /// What a step would be started from now; nil when what it reads cannot be read.
    public mutating func basis(of step: Int) -> StepBasis? {
        let patterns = InputPatterns(of: step, plan: plan, root: root)
        guard let look = looker.look(at: patterns), look.isReadable else { return nil }
        return basis(of: step, look)
    }

    /// Whether a step is started, and told, what it was then; what it reads may differ.
    public func isDeclared(_ step: Int, as basis: StepBasis) -> Bool {
        // A runner may have been named on a command line: what it is told counts.
        let isOwn = plan.resolved.workflow.steps[step].command != nil
        return ingredients.settings(of: step).digest == basis.settings
            && (!isOwn || ingredients.command(of: step).digest == basis.command)
    }

    /// The basis of a step whose files have been looked at.
    func basis(of step: Int, _ look: FileSnapshot) -> StepBasis {
        StepBasis(
            command: ingredients.command(of: step).digest,
            settings: ingredients.settings(of: step).digest, inputs: look.digest)
    }

    /// What a step reads.
    func patterns(of step: Int) -> InputPatterns {
        InputPatterns(of: step, plan: plan, root: root)
    }

    /// Looks at what a step reads; nil when that is too much to be done in passing.
    mutating func quickLook(
        at patterns: InputPatterns, hints: [FileRecord] = []
    ) -> FileSnapshot? {
        looker.look(at: patterns, hints: hints, budget: StepBases.budget)
    }

    /// Looks at what a step needs; nil when that is too much to be done in passing.
    func quickLook(at needs: [DependencyOutputs]) -> DependencySnapshot? {
        looker.look(at: needs, budget: StepBases.budget.names)
    }

    /// How what a step needs looks.
    func look(at needs: [DependencyOutputs]) -> DependencySnapshot {
        looker.look(at: needs) ?? DependencySnapshot()
    }

    /// The signature of what a step reads, as it is now.
    func signature(of patterns: InputPatterns) -> Int { looker.signature(of: patterns) }

    /// Which files of a step look otherwise than they did.
    func changes(in patterns: InputPatterns, since files: [FileRecord]) -> [RunReason.Detail] {
        looker.changes(in: patterns, since: files)
    }

    /// What takes 10 ms or so.
    static let budget = InputBudget(names: 2000, bytes: 2 << 20)
}
