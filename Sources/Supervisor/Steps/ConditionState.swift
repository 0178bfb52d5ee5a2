import Execution
import FileState
import Platform
import StateStore
import SystemCalls
import WorkflowModel

/// The facts with which conditions are evaluated: how steps have ended, and the states of files.
struct ConditionState {
    private let conditions: [Int: ConditionExpression]
    private let steps: [Step]
    private let root: String
    /// How steps have ended, by id.
    private var statuses: [String: StepStatus] = [:]
    /// Steps that the command line excluded.
    private var leftOut: Set<String> = []
    /// Read when the first condition needs it.
    private var store: ChangeStore?
    private var looker: FileHasher
    /// The states of files when the conditions of steps were evaluated.
    private var before: [Int: ConditionLooks] = [:]
    /// Successful steps with too many files to be scanned without delay.
    private var unseen: [Int] = []

    init(plan: RunPlan, root: String) {
        conditions = plan.resolved.conditions
        steps = plan.resolved.workflow.steps
        self.root = root
        looker = FileHasher(root: root)
    }

    /// Records how a step has ended.
    mutating func note(_ event: RunEvent.Kind) {
        guard !conditions.isEmpty else { return }
        switch event {
        case .ended(let step, let end):
            // Whether a result was produced or restored makes no difference.
            settle(step, end.status == .cached ? .complete : end.status)
            let looks = before.removeValue(forKey: step)
            guard let looks, end.status == .complete || end.status == .cached else { return }
            if !remember(step, looks, budget: StepBases.budget) {
                before[step] = looks
                unseen.append(step)
            }
        case .skipped(let step, .doneEarlier), .skipped(let step, .upToDate),
            .skipped(let step, .unchanged):
            settle(step, .complete)
        case .skipped(let step, let reason):
            settle(step, .skipped)
            before[step] = nil
            if reason == .notSelected, steps.indices.contains(step) {
                leftOut.insert(steps[step].id.rawValue)
            }
        default: break
        }
    }

    private mutating func settle(_ step: Int, _ status: StepStatus) {
        guard steps.indices.contains(step) else { return }
        statuses[steps[step].id.rawValue] = status
    }

    // MARK: Evaluation

    /// The condition of a step with all its facts; nil when it has none.
    mutating func question(
        of step: Int, in directory: RunDirectory, state: StateDirectory
    ) -> ConditionQuestion? {
        guard let condition = conditions[step] else { return nil }
        let lists = condition.changeLists
        var remembered: ChangeStore.Digests = [:]
        if !lists.isEmpty {
            let known = store ?? ChangeStore(in: state)
            store = known
            remembered = known[steps[step].id.rawValue]
        }
        let written = (steps[step].outputFiles + steps[step].modifies).map(\.text)
        return ConditionQuestion(
            step: step, condition: condition,
            facts: RunFacts(
                statuses: statuses, directory: directory, leftOut: leftOut,
                remembered: remembered),
            lists: lists, written: written)
    }

    /// The answer to a question; nil when that would take too long.
    mutating func quickAnswer(to question: ConditionQuestion) -> BackgroundJobs.Answer? {
        question.answer(by: &looker, budget: StepBases.budget)
    }

    /// Stores the states of files with which a step's condition was evaluated.
    mutating func keep(_ looks: ConditionLooks, of step: Int) {
        if !looks.isEmpty { before[step] = looks }
    }

    // MARK: Stored states

    /// Records the current states of a step's files; false when scanning would take too long.
    ///
    /// If others have changed the files since the condition was evaluated, the states at that time
    /// are what the step has seen: the change still counts as one the next time.
    private mutating func remember(
        _ step: Int, _ looks: ConditionLooks, budget: InputBudget
    ) -> Bool {
        let written = (steps[step].outputFiles + steps[step].modifies).map(\.text)
        var digests: ChangeStore.Digests = [:]
        for (list, old) in looks {
            guard let patterns = try? InputPatterns(list, written: written) else { continue }
            guard let look = looker.look(at: patterns, budget: budget) else { return false }
            let seen = look.signature == old.signature ? look : old
            if seen.isReadable { digests[list] = seen.digestText }
        }
        store?.remember(digests, of: steps[step].id.rawValue)
        return true
    }

    /// Writes the recorded states, after scans without a time limit.
    ///
    /// Called when nothing runs any more. Files that were not scanned completely count as changed
    /// the next time.
    mutating func save(
        to state: StateDirectory, while isWanted: @escaping @Sendable () -> Bool = { true }
    ) throws(SystemError) {
        looker.isWanted = isWanted
        for step in unseen {
            guard let looks = before.removeValue(forKey: step) else { continue }
            _ = remember(step, looks, budget: .unlimited)
        }
        unseen = []
        try store?.save(to: state)
    }
}

/// The states of the files for each list of patterns in a condition.
typealias ConditionLooks = [[String]: FileSnapshot]

/// A condition to evaluate, with all its facts.
struct ConditionQuestion: Sendable {
    let step: Int
    let condition: ConditionExpression
    let facts: RunFacts
    /// The lists of patterns whose files it needs.
    let lists: [[String]]
    /// Patterns of the files that the step writes itself.
    let written: [String]

    /// The result; nil when scanning files would exceed the budget.
    func answer(by looker: inout FileHasher, budget: InputBudget) -> BackgroundJobs.Answer? {
        var facts = facts
        for list in lists {
            // An invalid pattern is reported when the condition uses it.
            guard let patterns = try? InputPatterns(list, written: written) else { continue }
            guard let look = looker.look(at: patterns, budget: budget) else { return nil }
            facts.looks[list] = look
        }
        let outcome = condition.evaluate(facts)
        return BackgroundJobs.Answer(
            step: step, input: .conditionEvaluated(step: step, outcome), looks: facts.looks)
    }
}

/// The steps and files of a run, as conditions use them.
struct RunFacts: ConditionFacts, Sendable {
    /// How steps have ended, by id.
    var statuses: [String: StepStatus]
    var directory: RunDirectory
    var leftOut: Set<String> = []
    /// The states of files when the step last succeeded.
    var remembered: ChangeStore.Digests = [:]
    /// The current states of files.
    var looks: ConditionLooks = [:]

    /// The largest size of a results file, in bytes.
    static let maxBytes = 1 << 20

    func status(of step: String) -> StepStatus? { statuses[step] }

    func isLeftOut(_ step: String) -> Bool { leftOut.contains(step) }

    func results(of step: String) throws -> StepResults? {
        guard StepID.isValid(step) else { return nil }
        let path = "\(StateDirectory.runPath(directory.id))/outputs"
        let outputs = try PrivateFile.directory(
            "outputs", in: directory.descriptor, shown: path, create: false)
        let number = stepvisor_open_at(outputs.number, step, O_RDONLY | O_NONBLOCK, 0)
        guard number >= 0 else {
            // Most steps write none.
            if errno == ENOENT { return nil }
            if errno == ELOOP || errno == EMLINK { throw ResultsProblem.isLink }
            throw SystemError("read", "\(path)/\(step)")
        }
        let file = Descriptor(owning: number)
        var facts = stat()
        guard fstat(file.number, &facts) == 0 else {
            throw SystemError("read", "\(path)/\(step)")
        }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw ResultsProblem.isNoFile }
        let bytes = FileBytes.read(file.number, offset: 0, limit: RunFacts.maxBytes + 1)
        guard bytes.count <= RunFacts.maxBytes else { throw ResultsProblem.isTooLong }
        guard Int64(bytes.count) >= Int64(facts.st_size) else {
            throw SystemError("read", "\(path)/\(step)", code: EIO)
        }
        return try StepResults.parse(bytes)
    }

    func changed(_ patterns: [String]) throws -> Bool {
        _ = try InputPatterns(patterns, written: [])
        guard let digest = remembered[patterns], let look = looks[patterns], look.isReadable
        else { return true }
        return look.digestText != digest
    }
}

/// Why a results file is not read.
enum ResultsProblem: Error, CustomStringConvertible {
    case isLink, isNoFile, isTooLong

    var description: String {
        switch self {
        case .isLink: "their file is a link"
        case .isNoFile: "their file is no regular file"
        case .isTooLong: "their file is longer than 1 MiB"
        }
    }
}

extension ConditionExpression {
    /// The lists of patterns in its ``ConditionTerm/changed(_:)`` terms, each once.
    var changeLists: [[String]] {
        var lists: [[String]] = []
        root.addChangeLists(to: &lists)
        return lists
    }
}

extension ConditionTerm {
    /// Recursion is as deep as the condition, which the parser limits.
    fileprivate func addChangeLists(to lists: inout [[String]]) {
        switch self {
        case .changed(let patterns):
            if !lists.contains(patterns) { lists.append(patterns) }
        case .comparison(let left, _, let right):
            left.addChangeLists(to: &lists)
            right.addChangeLists(to: &lists)
        case .not(let term): term.addChangeLists(to: &lists)
        case .all(let terms), .any(let terms):
            for term in terms { term.addChangeLists(to: &lists) }
        case .number, .text, .truth, .null, .result: break
        }
    }
}

extension FileSnapshot {
    /// The digest as `changed.json` stores it.
    var digestText: String {
        let text = String(digest, radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
}
