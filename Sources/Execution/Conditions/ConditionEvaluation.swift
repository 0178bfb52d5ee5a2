public import WorkflowModel

/// The facts that a condition can use; steps are named as in the condition.
public protocol ConditionFacts {
    /// How the step ended; `complete` when an earlier run did it, nil when it is unknown.
    func status(of step: String) -> StepStatus?
    /// The results of the step; nil when it wrote none.
    func results(of step: String) throws -> StepResults?
    /// Whether a file that matches one of the patterns has changed since the step last succeeded.
    func changed(_ patterns: [String]) throws -> Bool
    /// Whether the command line excluded the step.
    func isLeftOut(_ step: String) -> Bool
}

extension ConditionExpression {
    /// Evaluates the condition; `and` and `or` skip operands that cannot change the value.
    public func evaluate(_ facts: some ConditionFacts) -> ConditionOutcome {
        var evaluation = ConditionEvaluation(facts: facts)
        do throws(ConditionFault) {
            return try evaluation.truth(of: root) ? .holds : .fails(values: evaluation.seenValues)
        } catch {
            return .error(error.message)
        }
    }
}

/// Why a condition cannot be evaluated.
struct ConditionFault: Error {
    var message: String

    init(_ message: String) { self.message = message }
}

/// One evaluation of a condition, with the values that it has used so far.
struct ConditionEvaluation<Facts: ConditionFacts> {
    let facts: Facts
    private var seen: Set<ConditionTerm> = []
    private var shown: [String] = []
    private var results: [String: StepResults] = [:]

    /// The largest number of values shown.
    private let shownLimit = 20

    init(facts: Facts) { self.facts = facts }

    /// The used values in order, as one line: `steps.review.score = 0.9`.
    var seenValues: String {
        let more = seen.count > shownLimit ? ["and \(seen.count - shownLimit) more"] : []
        return (shown + more).joined(separator: ", ")
    }

    // MARK: Terms

    /// Recursion is as deep as the condition, which the parser limits.
    mutating func truth(of term: ConditionTerm) throws(ConditionFault) -> Bool {
        switch term {
        case .not(let operand): return try !truth(of: operand)
        case .all(let terms):
            for term in terms where try !truth(of: term) { return false }
            return true
        case .any(let terms):
            for term in terms where try truth(of: term) { return true }
            return false
        case .comparison(let left, let comparison, let right):
            let first = ConditionOperand(term: left, value: try value(of: left))
            let second = ConditionOperand(term: right, value: try value(of: right))
            return try first.isTrue(comparison, second)
        case .changed(let patterns): return try changed(patterns, term)
        case .number, .text, .truth, .null, .result:
            let operand = ConditionOperand(term: term, value: try value(of: term))
            guard let truth = operand.truth else {
                throw ConditionFault("\(operand) is neither true nor false")
            }
            return truth
        }
    }

    private mutating func value(of term: ConditionTerm) throws(ConditionFault) -> ResultValue {
        switch term {
        case .number(let number): return .number(number)
        case .text(let text): return .text(text)
        case .truth(let truth): return .truth(truth)
        case .null: return .null
        case .result(let reference):
            let value = try result(reference)
            see(term, ConditionOperand.shown(value))
            return value
        case .changed, .comparison, .not, .all, .any: return .truth(try truth(of: term))
        }
    }

    private mutating func changed(
        _ patterns: [String], _ term: ConditionTerm
    ) throws(ConditionFault) -> Bool {
        let changed: Bool
        do {
            changed = try facts.changed(patterns)
        } catch {
            throw ConditionFault("`\(term)` cannot be evaluated: \(error)")
        }
        see(term, changed ? "true" : "false")
        return changed
    }

    private mutating func see(_ term: ConditionTerm, _ value: String) {
        guard seen.insert(term).inserted, shown.count < shownLimit else { return }
        shown.append("\(term) = \(value)")
    }

    // MARK: Results

    private mutating func result(
        _ reference: ConditionReference
    ) throws(ConditionFault) -> ResultValue {
        let step = reference.step
        if reference.isStatus {
            guard let status = facts.status(of: step) else {
                throw ConditionFault("it is not known how step `\(step)` ended")
            }
            return .text(status.rawValue)
        }
        switch try results(of: step).value(at: reference.path) {
        case .success(let value): return value
        case .failure(let missing):
            throw ConditionFault("`\(reference)` is not there: step `\(step)` \(missing)")
        }
    }

    private mutating func results(of step: String) throws(ConditionFault) -> StepResults {
        if let known = results[step] { return known }
        let found: StepResults?
        do {
            found = try facts.results(of: step)
        } catch {
            throw ConditionFault("the results of step `\(step)` cannot be read: \(error)")
        }
        guard let found else { throw ConditionFault(withoutResults(step)) }
        results[step] = found
        return found
    }

    private func withoutResults(_ step: String) -> String {
        let reference = ConditionReference(step: step, path: ["status"])
        return switch facts.status(of: step) {
        case .complete?, .cached?, nil:
            "step `\(step)` wrote no results to the file that `STEPVISOR_OUTPUT` names"
        case .skipped? where facts.isLeftOut(step):
            "step `\(step)` has no results, since the command line left it out; a run of the step "
                + "by its name (`stepvisor run STEP`, without `--only`) runs what its condition "
                + "names too"
        case .some(let status):
            "step `\(step)` has no results, since it is `\(status.rawValue)`; to allow for that "
                + "write `\(reference) == \"complete\" and …`"
        }
    }
}

extension StepRecord {
    /// The status as conditions see it: done by an earlier run or up to date counts as complete.
    public var settledStatus: StepStatus { isDoneEarlier || isUpToDate ? .complete : status }
}
