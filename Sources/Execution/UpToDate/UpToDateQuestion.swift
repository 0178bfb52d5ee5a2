/// What decides whether a step is up to date before a run begins.
public enum UpToDateQuestion: Hashable, Sendable {
    /// What is known of its last success.
    case remembered
    /// A revision, and what is known where there is anything.
    case compared
    /// An earlier run has done it: only what speaks against that makes it due.
    ///
    /// Where all goes by what is known, a step that says what it reads has to be known as a success.
    case done(isKnownAtLeast: Bool)

    /// What to ask about a step.
    ///
    /// One that was skipped for a revision, and is gone on with, may differ from that by now: it has no
    /// basis, and is compared again.
    public init(doneEarlier done: DoneEarlier?, comparesWithRevision: Bool) {
        if let done, !comparesWithRevision || done.basis != nil {
            self = .done(isKnownAtLeast: !comparesWithRevision)
        } else {
            self = comparesWithRevision ? .compared : .remembered
        }
    }

    /// What there is to say of a step that an earlier run has done.
    public enum Evidence: Hashable, Sendable {
        /// Its last success, compared with things as they are.
        case success
        /// Only whether its outputs are there.
        case outputs
    }

    /// What to go by for a step that an earlier run has done.
    ///
    /// - Parameters:
    ///   - hasInputs: Whether it says what it reads.
    ///   - modifies: Whether it changes files in place: its own inputs then say nothing of it.
    ///   - isKnown: Whether anything is known of it.
    ///   - isKnownAtLeast: Whether it has to be known as a success where it says what it reads.
    /// - Returns: What to look at.
    public static func evidence(
        hasInputs: Bool, modifies: Bool, isKnown: Bool, isKnownAtLeast: Bool
    ) -> Evidence {
        !modifies && (isKnown || hasInputs && isKnownAtLeast) ? .success : .outputs
    }
}
