public import WorkflowModel

/// Tells of a step by itself whether it is as it was at a revision.
///
/// Nothing has to be remembered for it: a step counts as done where nothing that it reads differs, its
/// declaration is the same, and all that it declares to write is there. What is remembered all the
/// same can only add to that: ``UpToDateResult/compared(_:known:)``.
public struct RevisionCheck: Sendable {
    private let changes: ChangedPaths

    /// Goes by what differs from a revision.
    public init(_ changes: ChangedPaths) { self.changes = changes }

    /// What the revision says of a step.
    ///
    /// - Parameters:
    ///   - step: The step.
    ///   - reads: What it reads.
    ///   - declaration: The workflow file in which it is declared otherwise than at the revision.
    ///   - missing: What it declares to write and has not.
    ///   - modified: Outputs that a step which runs changes in place, with its id: how they were left
    ///     is not remembered, so they are made anew before they are changed again.
    /// - Returns: Whether it has to run, if no step that it needs does.
    public func freshness(
        of step: Step, reads: ReadPatterns, declaration: ChangedPath?, missing: [String],
        modified: [RunReason.Detail] = []
    ) -> UpToDateResult {
        if let cause = RunReason.standing(of: step) { return .due([cause]) }
        var causes: [RunReason] = []
        if let outside = reads.outside {
            let detail = RunReason.Detail(outside, change: "outside of the project")
            causes.append(RunReason(.inputsUnreadable, [detail]))
        }
        var changed = changes.touched(by: reads).map { changes.paths[$0] }
        if let declaration, !changed.contains(where: { $0.bytes == declaration.bytes }) {
            changed.insert(declaration, at: 0)
        }
        if !changed.isEmpty {
            causes.append(
                RunReason(
                    .changedSince,
                    changed.prefix(RunReason.maxDetails).map { path in
                        RunReason.Detail(
                            path.name, change: path.change.rawValue, old: changes.revision)
                    }, omitted: max(0, changed.count - RunReason.maxDetails)))
        }
        if !missing.isEmpty {
            causes.append(RunReason(.outputMissing, missing.map { RunReason.Detail($0) }))
        }
        if !modified.isEmpty { causes.append(RunReason(.outputModified, modified)) }
        return causes.isEmpty ? .upToDate(run: "") : .due(causes)
    }
}

extension UpToDateResult {
    /// Joins what a revision says of a step with what is known of it.
    ///
    /// - Parameters:
    ///   - revision: What the revision says.
    ///   - known: What its last success, or the lack of one, says; nil where nothing at all is known.
    /// - Returns: Due where either says so, for the reasons of both, each kind told once.
    public static func compared(_ revision: UpToDateResult, known: UpToDateResult?)
        -> UpToDateResult
    {
        guard case .due(let found)? = known else { return revision }
        guard case .due(var causes) = revision else { return .due(found) }
        let told = Set(causes.map(\.kind))
        causes += found.filter { !told.contains($0.kind) }
        return .due(causes)
    }
}
