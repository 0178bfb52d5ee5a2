extension Validation {
    /// Parses the conditions, so a mistake is found before the run that would evaluate it.
    mutating func checkConditions() {
        for position in workflow.steps.indices where workflow.steps[position].hasGating {
            guard let text = workflow.steps[position].gating.condition else { continue }
            do throws(ConditionError) {
                let parsed = try ConditionParser.parse(text)
                checkPatterns(of: parsed, at: position)
                let targets = steps(of: parsed, at: position)
                for target in Set(targets.values).sorted() {
                    conditionEdges.append(
                        Edge(
                            dependency: Int32(truncatingIfNeeded: target),
                            dependent: Int32(truncatingIfNeeded: position), reason: .condition))
                }
                conditions[position] = ConditionExpression(root: parsed.root).renamingSteps {
                    targets[$0].map { workflow.steps[$0].id } ?? StepID($0.step)
                }
            } catch {
                reportCondition(
                    "the condition of step `\(workflow.steps[position].id)`: \(error.message)",
                    of: position, error.place, help: error.help)
            }
        }
    }

    /// A condition waits for each step that it names.
    mutating func addConditionEdges() { edges += conditionEdges }

    private mutating func checkPatterns(of parsed: ConditionParser.Parsed, at position: Int) {
        for (text, place) in parsed.patterns {
            guard case .failure(let error) = globs.glob(FilePattern(text).path) else { continue }
            reportCondition(
                "`\(Self.shown(text))` in the condition of step "
                    + "`\(workflow.steps[position].id)` \(error.message)",
                of: position, place, help: error.help)
        }
    }

    /// The steps that a condition names; reports a condition that names none, and a step that it
    /// cannot wait for.
    private mutating func steps(
        of parsed: ConditionParser.Parsed, at position: Int
    ) -> [ConditionReference: Int] {
        let step = workflow.steps[position]
        var found: [ConditionReference: Int] = [:]
        var reported: Set<String> = []
        for (reference, place) in parsed.references {
            guard let target = target(of: reference, in: position) else {
                guard reported.insert(reference.step).inserted else { continue }
                if let mistake = groupMistake(of: reference, in: position) {
                    reportCondition(mistake.message, of: position, place, help: mistake.help)
                    continue
                }
                reportCondition(
                    "the condition of step `\(step.id)` names an unknown step "
                        + "`\(Self.shown(reference.step))`",
                    of: position, place, help: help(forUnknown: reference, in: position))
                continue
            }
            if target == position {
                reportCondition(
                    "the condition of step `\(step.id)` names the step itself", of: position,
                    place, help: "a condition is looked at before its step runs")
            } else if workflow.steps[target].gating.always, !step.gating.always {
                let id = workflow.steps[target].id
                reportCondition(
                    "the condition of step `\(step.id)` names `\(id)`, which runs at the end of "
                        + "the run", of: position, place,
                    help: "remove `always` from `\(id)`, or give it to `\(step.id)` too")
            } else {
                found[reference] = target
            }
        }
        return found
    }

    private func target(of reference: ConditionReference, in position: Int) -> Int? {
        for id in reference.candidates(in: task(of: position)) {
            if let found = index.find(id, in: workflow.steps) { return found }
        }
        return nil
    }

    private mutating func help(
        forUnknown reference: ConditionReference, in position: Int
    ) -> String? {
        let names = reference.candidates(in: task(of: position))
        let similar = suggestion(for: StepID(reference.step))
        guard reference.isOutput, names.count > 2 || names.first?.rawValue != reference.step
        else { return similar }
        let list = names.map { "`\($0)`" }.joined(separator: ", ")
        return similar ?? "`\(reference.step)_output` is the result of one of these: \(list)"
    }

    func task(of position: Int) -> String {
        let task = workflow.steps[position].task
        return workflow.tasks.indices.contains(task) ? workflow.tasks[task].id : ""
    }

    private mutating func reportCondition(
        _ message: String, of position: Int, _ part: Range<Int>, help: String?
    ) {
        let gating = workflow.steps[position].gating
        let place = Self.place(part, of: gating.condition ?? "", at: gating.conditionRange)
        report(.error(message, at: place, help: help))
    }

    /// The place of a part of a text in the file; the whole text when escapes shift its bytes.
    private static func place(
        _ part: Range<Int>, of text: String, at range: SourceRange?
    ) -> SourceRange? {
        // An escape is longer than its character, so exactly two bytes more (the quotes) mean no
        // escape.
        guard let range, Int(range.length) == text.utf8.count + 2 else { return range }
        return SourceRange(
            file: Int(range.file), offset: Int(range.offset) + 1 + part.lowerBound,
            length: max(1, part.count))
    }
}
