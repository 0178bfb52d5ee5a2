import DependencyGraph
public import Execution
import FileState
import Platform
public import StateStore
import WorkflowModel

/// Says of steps whether what their last success left still holds.
///
/// Reads only; what is learnt in a run is told by ``note(_:of:)`` and the like.
public struct UpToDateChecker: Sendable {
    let plan: RunPlan
    let root: String
    private let ingredients: StepIngredients
    private let mask: SecretMask
    var looker: FileHasher
    var known: StepStateLog
    /// What tools say of themselves.
    let answers: ToolAnswers
    /// What steps have produced, as far as it was asked or told.
    private var products: [Int: Product] = [:]
    /// Files whose contents were read before the run, where those are large, by step.
    private var seen: [Int: [FileRecord]] = [:]
    /// Whether steps run, so that what was seen may have been changed since.
    private var isRunning = false
    /// Made when the first step starts that needs files of another.
    var owners: OutputWriters?
    /// Steps that may run, as far as was asked ahead.
    var mayRun: Set<Int> = []
    /// Which steps' files have the stamps that their last success left.
    var files: FileCheck
    /// What is known of steps that are up to date, with files as they look now: those that had been too
    /// young to be known by their looks, or were written anew with the same content.
    var refreshed: [Int: LastSuccess] = [:]
    /// The run that was asked for last, which most steps have in common.
    var lastRun = ""
    /// Steps that a run which goes on has started, each with that run.
    public var running: [String: String] = [:]
    /// Whether what a step left is kept: it says what it reads, or something needs it that does.
    private let isRemembered: [Bool]

    /// A look at the steps of a plan.
    ///
    /// - Parameters:
    ///   - plan: Says what starts them.
    ///   - state: The state of the project; nil where there is none yet.
    ///   - root: The project root, absolute.
    ///   - workflow: The workflow's file or directory, whose name tells it from others of the project.
    ///   - environment: What steps inherit, for `env_inputs`.
    ///   - mask: Takes secrets out of what is kept and shown.
    ///   - tell: Takes a line about what is waited for, or read, not neutralised.
    public init(
        plan: RunPlan, state: StateDirectory?, root: String, workflow: String,
        environment: [String: String], mask: SecretMask = .none,
        tell: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.plan = plan
        self.root = root
        self.mask = mask
        let hasSecrets = !plan.resolved.workflow.execution.secrets.isEmpty
        ingredients = StepIngredients(
            plan: plan, inherited: environment,
            key: hasSecrets ? ProjectKey.text(root: root) : nil)
        looker = FileHasher(root: root)
        looker.progress = ReadingProgress(tell)
        answers = ToolAnswers.ask(plan, root: root, inherited: environment, tell: tell)
        known =
            state.map { StepStateLog(workflow: workflow, in: $0) }
            ?? StepStateLog(workflow: workflow)
        files = FileCheck(
            plan: plan, root: root, ingredients: ingredients, answers: answers.texts)
        let steps = plan.resolved.workflow.steps
        isRemembered = UpToDateChecker.remembered(steps, plan.resolved.graph)
    }

    /// Steps that say what they read, and all that those need through whatever others: what one has
    /// produced is known only where that is known of all that it needs.
    private static func remembered(_ steps: [Step], _ graph: Graph<StepID>) -> [Bool] {
        var isRemembered = steps.map(\.declaresInputs)
        for step in graph.topologicalOrder().reversed() where !isRemembered[step] {
            isRemembered[step] = graph.dependents(of: step).contains { isRemembered[$0] }
        }
        return isRemembered
    }

    /// Whether nothing of what was known could be read.
    public var isDamaged: Bool { known.isDamaged }

    /// Refuses to run steps of which nothing could be noted: after a death what they left half done would
    /// count as done.
    func checkPlace() throws(SystemError) {
        if let obstacle = known.obstacle, isRemembered.contains(true) { throw obstacle }
    }

    /// Whether what a step left is kept.
    func remembers(_ step: Int) -> Bool { isRemembered[step] }

    /// What is known of a step before the run begins.
    public mutating func freshness(of step: Int) -> UpToDateResult {
        if let cause = alwaysRunsReason(of: step) ?? silentTools(of: step) { return .due([cause]) }
        if known.isDamaged { return .due([RunReason(.stateUnreadable)]) }
        return verdict(of: step, assuming: mayRun)?.freshness
            ?? .due([RunReason(.inputsUnreadable)])
    }

    private func alwaysRunsReason(of step: Int) -> RunReason? {
        // Asked piece by piece: a step is dear to copy.
        guard
            !plan.resolved.workflow.steps[step].declaresInputs
                || !plan.resolved.workflow.steps[step].modifies.isEmpty
        else { return nil }
        return RunReason.standing(of: plan.resolved.workflow.steps[step])
    }

    /// What a look at a step says.
    struct Verdict: Sendable {
        var freshness: UpToDateResult
        /// What it is made from now, where that is known.
        var contents: Fingerprint?
        /// Its files as they are now.
        var files: [FileRecord] = []
        /// Where they were looked for.
        var places: [FileRecord] = []
    }

    /// What there is to say of a step as things are; nil where that takes more than the budget.
    ///
    /// - Parameters:
    ///   - step: The step.
    ///   - running: Steps that run first: what their products and files are now decides nothing.
    ///   - isDone: Whether an earlier run has done it, so that one which always runs need not.
    ///   - budget: How much may be looked at and read.
    /// - Returns: What the look says.
    mutating func verdict(
        of step: Int, assuming running: Set<Int> = [], isDone: Bool = false,
        budget: InputBudget = .unlimited
    ) -> Verdict? {
        if !isDone, let cause = alwaysRunsReason(of: step) {
            return Verdict(freshness: .due([cause]))
        }
        if let cause = silentTools(of: step) { return Verdict(freshness: .due([cause])) }
        if let run = unchangedRun(of: step) { return Verdict(freshness: .upToDate(run: run)) }
        let knowledge = known[id(of: step)]
        guard let look = look(at: step, budget: budget) else { return nil }
        guard look.isReadable else {
            return Verdict(freshness: .due([RunReason(.inputsUnreadable, look.unreadable)]))
        }
        let contents = contents(of: step, look)
        guard case .done(let memory) = knowledge else {
            return Verdict(
                freshness: .due(causes(of: step, knowledge)), contents: contents,
                files: look.files, places: look.places)
        }
        let needs = plan.resolved.graph.dependencies(of: step)
        let isProvisional = !running.isEmpty && needs.contains { running.contains($0) }
        var causes: [RunReason]
        if let contents {
            causes = contents.causes(since: memory.contents)
        } else {
            causes = [RunReason(.dependencyUnknown, unknownNeeds(of: step))]
        }
        if isProvisional {
            causes.removeAll(where: \.mayBeMendedByNeeds)
        }
        guard let left = outputs(of: step, budget: budget) else { return nil }
        causes += RunReason.outputs(
            left: memory.outputs.map(\.content), now: left.files.map(\.content),
            hasResult: memory.result == nil || known.hasResult(of: id(of: step), in: root))
        // What is there before a step that it needs has run is not what it was made from.
        if causes.isEmpty, !isProvisional {
            refresh(memory, of: step, inputs: look, outputs: left)
        }
        return Verdict(
            freshness: causes.isEmpty ? .upToDate(run: memory.run) : .due(causes),
            contents: contents, files: look.files, places: look.places)
    }

    /// What there is to say of a step whose turn has come; nil where that takes more than the budget.
    mutating func checkBeforeStart(
        of step: Int, heedingLastSuccess: Bool, budget: InputBudget = .unlimited
    ) -> Verdict? {
        heedingLastSuccess
            ? verdict(of: step, budget: budget) : present(of: step, budget: budget)
    }

    /// What a step would be made from as things are, whatever its last success says; nil where that
    /// takes more than the budget.
    mutating func present(of step: Int, budget: InputBudget = .unlimited) -> Verdict? {
        guard let look = look(at: step, budget: budget) else { return nil }
        guard look.isReadable else { return Verdict(freshness: .due([])) }
        return Verdict(
            freshness: .due([]), contents: contents(of: step, look), files: look.files,
            places: look.places)
    }

    // MARK: - What a step is made from

    /// What a step is made from, its files having been looked at; nil where a step that it needs has
    /// produced nothing that is known.
    ///
    /// - Parameters:
    ///   - step: The step.
    ///   - look: What it reads.
    ///   - seen: How the files of what it needs look now, as far as that has been asked.
    /// - Returns: What it is made from.
    mutating func contents(
        of step: Int, _ look: FileSnapshot, seen: [Int: Int] = [:]
    ) -> Fingerprint? {
        var produced: [OutputDigest] = []
        for dependency in plan.resolved.graph.dependencies(of: step) {
            guard let digest = product(of: dependency, signature: seen[dependency]) else {
                return nil
            }
            produced.append(OutputDigest(step: id(of: dependency), digest: digest))
        }
        produced.sort { $0.step < $1.step }
        var contents = ownContents(of: step, look)
        contents.products = produced
        return contents
    }

    /// What a step is made from, but for what the steps that it needs have produced.
    func ownContents(of step: Int, _ look: FileSnapshot) -> Fingerprint {
        let declared = ingredients.declared(of: step, answers: answers.texts)
        return Fingerprint(
            declared: mask.isEmpty
                ? declared : declared.map { FingerprintPart($0.name, mask.masked($0.value)) },
            declaredDigest: declared.fullDigest, files: look.files.map(\.content), products: [])
    }

    /// Looks at what a step reads, without the contents of what looks as it did.
    mutating func look(at step: Int, budget: InputBudget = .unlimited) -> FileSnapshot? {
        looker.subject = "the inputs of `\(id(of: step))`"
        let hints = hints(for: step)
        guard
            let look = looker.look(at: patterns(of: step), hints: hints, budget: budget)
        else { return nil }
        let size = look.files.reduce(0) { $0 &+ ($1.facts.isRead ? $1.facts.size : 0) }
        if size > StepBases.budget.bytes { seen[step] = look.files }
        return look
    }

    /// What is known of the files that a step reads.
    func hints(for step: Int) -> [FileRecord] {
        seen[step] ?? known.lastSuccess(of: id(of: step))?.inputs ?? []
    }

    /// What a step reads.
    func patterns(of step: Int) -> InputPatterns {
        InputPatterns(of: step, plan: plan, root: root)
    }

    /// What a step declares to write; nil where it declares nothing.
    ///
    /// What it changes in place is as much of its product as what it makes; an exclusion from the one
    /// says nothing of the other.
    func outputPatterns(of step: Int) -> InputPatterns? {
        let declared = plan.resolved.workflow.steps[step]
        var texts = declared.outputFiles.map(\.text)
        if !declared.modifies.isEmpty {
            texts = (texts + declared.modifies.map(\.text)).filter { !$0.hasPrefix("!") }
        }
        guard !texts.isEmpty || declared.declaresOutputs else { return nil }
        return try? InputPatterns(texts, written: [], followsLinks: false)
    }

    /// Looks at what a step has written.
    mutating func outputs(of step: Int, budget: InputBudget = .unlimited) -> FileSnapshot? {
        guard let patterns = outputPatterns(of: step) else { return FileHasher.nothing }
        let hints = known.lastSuccess(of: id(of: step))?.outputs ?? []
        looker.subject = "the outputs of `\(id(of: step))`"
        return looker.look(at: patterns, hints: hints, budget: budget)
    }

    // MARK: - What steps have produced

    struct Product: Sendable {
        /// Nil for what nobody knows.
        var digest: Digest?
        /// Of what it wrote to `STEPVISOR_OUTPUT`.
        var result: Digest?
        /// How its files looked; nil where it declares none.
        var signature: Int?
    }

    /// Tells what a step has produced in this run; nil for what cannot be known.
    mutating func note(
        _ product: Digest?, of step: Int, result: Digest? = nil, signature: Int? = nil
    ) {
        let hasFiles = product != nil && outputPatterns(of: step) != nil
        products[step] = Product(
            digest: product, result: result, signature: hasFiles ? signature : nil)
    }

    /// Tells that a step does not run in this run, since its condition came out false: without a success
    /// to show it has produced nothing, which is known.
    mutating func noteConditionFalse(_ step: Int) {
        guard outputPatterns(of: step) == nil, product(of: step) == nil else { return }
        products[step] = Product(digest: known[id(of: step)].productWhenHeldBack)
    }

    /// What it is known that a step has produced, without a look at its files.
    func notedProduct(of step: Int) -> Digest? { products[step]?.digest }

    /// From here on steps run, and what was seen is looked at again before it counts.
    ///
    /// - Parameter tell: Takes a line about what is read, from any thread.
    mutating func beginRun(_ tell: @escaping @Sendable (String) -> Void = { _ in }) {
        isRunning = true
        looker.progress = ReadingProgress(tell)
    }

    /// What a step has produced, as things are now; nil where nobody knows.
    ///
    /// What is there now is what a dependent reads, not what this step left: another step or a
    /// person may have changed it in place since.
    ///
    /// - Parameters:
    ///   - step: The step.
    ///   - signature: How its files look now, where that has been asked.
    /// - Returns: Its product.
    mutating func product(of step: Int, signature: Int? = nil) -> Digest? {
        guard let product = products[step] else {
            let product = lastProduct(of: step)
            products[step] = product
            return product.digest
        }
        guard isRunning, let old = product.signature else { return product.digest }
        let now = signature ?? outputPatterns(of: step).map { looker.signature(of: $0) }
        if now == old { return product.digest }
        let found = filesProduct(of: step, result: product.result)
        products[step] = found
        return found.digest
    }

    private mutating func lastProduct(of step: Int) -> Product {
        if let product = unchangedProduct(of: step) { return product }
        guard outputPatterns(of: step) != nil else {
            let knowledge = known[id(of: step)]
            if case .done(let memory) = knowledge { return Product(digest: memory.product) }
            return Product(digest: isHeldBack(step) ? knowledge.productWhenHeldBack : nil)
        }
        return filesProduct(of: step, result: known.lastSuccess(of: id(of: step))?.result)
    }

    private mutating func filesProduct(of step: Int, result: Digest?) -> Product {
        guard let look = outputs(of: step), look.isReadable else { return Product() }
        let digest = OutputDigest.digest(
            outputs: look.files.map(\.content), fingerprint: .zero, result: result)
        return Product(digest: digest, result: result, signature: look.signature)
    }

    func id(of step: Int) -> String { plan.resolved.workflow.steps[step].id.rawValue }
}
