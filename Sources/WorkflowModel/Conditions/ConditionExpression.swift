/// What is wrong in the text of a condition, and where.
public struct ConditionError: Error, Hashable, Sendable {
    /// A clause that continues "the condition of step `x`: ".
    public var message: String
    /// Byte offsets from the beginning of the text.
    public var place: Range<Int>
    /// What to write instead.
    public var help: String?
}

/// A parsed condition: `steps.review.score < 0.8 and changed("docs/**")`.
public struct ConditionExpression: Hashable, Sendable, CustomStringConvertible {
    /// The outermost term: true, false, or a result whose value must turn out to be one of them.
    public let root: ConditionTerm

    /// Parses a condition and checks its types as far as they are known before a run.
    public init(_ text: String) throws(ConditionError) {
        root = try ConditionParser.parse(text).root
    }

    /// A condition made from its parts; their types are not checked.
    public init(root: ConditionTerm) { self.root = root }

    /// The condition as text, without `IF` and with as few parentheses as possible.
    public var description: String { root.description }

    /// The results that it names, in the order in which they are written.
    public var references: [ConditionReference] {
        var found: [ConditionReference] = []
        root.forEachReference { found.append($0) }
        return found
    }

    /// The same condition with its steps renamed.
    public func renamingSteps(
        _ rename: (ConditionReference) -> StepID
    ) -> ConditionExpression {
        ConditionExpression(root: root.renamingSteps(rename))
    }

    /// The same condition with each step name replaced by the full id; an unknown name is kept.
    public func resolved(
        in task: String, isStep: (StepID) -> Bool
    ) -> ConditionExpression {
        renamingSteps { reference in
            reference.candidates(in: task).first(where: isStep) ?? StepID(reference.step)
        }
    }
}

extension ConditionTerm {
    fileprivate func forEachReference(_ body: (ConditionReference) -> Void) {
        switch self {
        case .number, .text, .truth, .null, .changed: break
        case .result(let reference): body(reference)
        case .comparison(let left, _, let right):
            left.forEachReference(body)
            right.forEachReference(body)
        case .not(let term): term.forEachReference(body)
        case .all(let terms), .any(let terms):
            for term in terms { term.forEachReference(body) }
        }
    }

    fileprivate func renamingSteps(_ rename: (ConditionReference) -> StepID) -> ConditionTerm {
        switch self {
        case .number, .text, .truth, .null, .changed: self
        case .result(let reference):
            .result(ConditionReference(step: rename(reference).rawValue, path: reference.path))
        case .comparison(let left, let comparison, let right):
            .comparison(
                left.renamingSteps(rename), comparison, right.renamingSteps(rename))
        case .not(let term): .not(term.renamingSteps(rename))
        case .all(let terms): .all(terms.map { $0.renamingSteps(rename) })
        case .any(let terms): .any(terms.map { $0.renamingSteps(rename) })
        }
    }
}
