/// The reasons of a journal, each in one place: its code, and its fields in the order of the object.
///
/// Both directions go through this table, and so does the `reason_code` of `progress.json`.
enum JournalReasons {
    typealias Form = JournalForm<StepReason>

    static let all: [Form] = ofSkips + ofFailures + ofStops

    /// The form of a reason by its code.
    static let byCode = Dictionary(
        all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    private static let ofSkips: [Form] = [
        Form("up_to_date", Field.text("run")) {
            .upToDate(run: $0)
        } values: {
            if case .upToDate(let a) = $0 { a } else { nil }
        },
        Form("unchanged", Field.text("since")) {
            .unchanged(since: $0)
        } values: {
            if case .unchanged(let a) = $0 { a } else { nil }
        },
        Form("restored", Field.text("run")) {
            .restored(run: $0)
        } values: {
            if case .restored(let a) = $0 { a } else { nil }
        },
        Form("done_earlier", Field.text("run"), Field.basis) {
            .doneEarlier(run: $0, basis: $1)
        } values: {
            if case .doneEarlier(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("not_selected") {
            .notSelected
        } values: {
            if case .notSelected = $0 { () } else { nil }
        },
        Form("dependency_failed", Field.step("cause")) {
            .dependencyFailed($0)
        } values: {
            if case .dependencyFailed(let a) = $0 { a } else { nil }
        },
        Form("decided", Field.decision) {
            .decided($0)
        } values: {
            if case .decided(let a) = $0 { a } else { nil }
        },
        Form("condition_false", Field.text("condition"), Field.text("values")) {
            .conditionFalse($0, values: $1)
        } values: {
            if case .conditionFalse(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("condition_error", Field.text("condition"), Field.text("message")) {
            .conditionError($0, message: $1)
        } values: {
            if case .conditionError(let a, let b) = $0 { (a, b) } else { nil }
        },
    ]

    private static let ofFailures: [Form] = [
        Form("exited", Field.integer("exit_code")) {
            .exited($0)
        } values: {
            if case .exited(let a) = $0 { a } else { nil }
        },
        Form("signalled", Field.integer("signal"), Field.truth("core_dumped")) {
            .signalled($0, coreDumped: $1)
        } values: {
            if case .signalled(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("not_started", Field.text("message")) {
            .notStarted($0)
        } values: {
            if case .notStarted(let a) = $0 { a } else { nil }
        },
        Form("timed_out", Field.word("limit"), Field.integer("limit_ms")) {
            .timedOut($0, limitMilliseconds: $1)
        } values: {
            if case .timedOut(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("left_processes", Field.integer("count")) {
            .leftProcesses($0)
        } values: {
            if case .leftProcesses(let a) = $0 { a } else { nil }
        },
        Form("outputs_missing", Field.texts("patterns")) {
            .outputsMissing($0)
        } values: {
            if case .outputsMissing(let a) = $0 { a } else { nil }
        },
        Form("success_pattern_missing", Field.text("pattern")) {
            .successPatternMissing($0)
        } values: {
            if case .successPatternMissing(let a) = $0 { a } else { nil }
        },
        Form("verify_failed", Field.exit) {
            .verifyFailed($0)
        } values: {
            if case .verifyFailed(let a) = $0 { a } else { nil }
        },
        Form("breaker_open", Field.text("resource")) {
            .breakerOpen(resource: $0)
        } values: {
            if case .breakerOpen(let a) = $0 { a } else { nil }
        },
        Form("wanted_terminal", Field.integer("signal")) {
            .wantedTerminal($0)
        } values: {
            if case .wantedTerminal(let a) = $0 { a } else { nil }
        },
        Form("unkillable", Field.integers("pids")) {
            .unkillable($0)
        } values: {
            if case .unkillable(let a) = $0 { a } else { nil }
        },
    ]

    private static let ofStops: [Form] = [
        Form("halted", Field.step("cause")) {
            .halted(by: $0)
        } values: {
            if case .halted(let a) = $0 { a } else { nil }
        },
        Form("group_halted", Field.text("group"), Field.step("cause")) {
            .groupHalted($0, by: $1)
        } values: {
            if case .groupHalted(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("failures_in_a_row", Field.integer("count")) {
            .failuresInARow($0)
        } values: {
            if case .failuresInARow(let a) = $0 { a } else { nil }
        },
        Form("awaits_review", Field.step("cause")) {
            .awaitsReview(of: $0)
        } values: {
            if case .awaitsReview(let a) = $0 { a } else { nil }
        },
        Form("interrupted", Field.integer("signal")) {
            .interrupted($0)
        } values: {
            if case .interrupted(let a) = $0 { a } else { nil }
        },
        Form("faulted", Field.text("message")) {
            .faulted($0)
        } values: {
            if case .faulted(let a) = $0 { a } else { nil }
        },
        Form("other", Field.text("message")) {
            .other($0)
        } values: {
            if case .other(let a) = $0 { a } else { nil }
        },
    ]
}

extension StepReason {
    /// The reason's name for machines, as journal and `progress.json` have it.
    public var code: String { JournalReasons.all.first { $0.matches(self) }?.name ?? "other" }
}
