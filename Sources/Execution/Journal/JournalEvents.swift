/// The events of a journal, each in one place: its name, and its fields in the order of the line.
///
/// Both directions go through this table, and so does what `progress.json` calls an event. A new event
/// is a case of ``RunEvent/Kind`` and an entry here. The most frequent ones come first.
enum JournalEvents {
    typealias Form = JournalForm<RunEvent.Kind>

    static let all: [Form] = ofSteps + ofAttempts + ofRuns + ofShares

    /// The form of an event by its name.
    static let byName = Dictionary(
        all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

    private static let ofSteps: [Form] = [
        Form(
            "launched", Field.step(), Field.integer("attempt"), Field.method,
            Field.integer("execution")
        ) {
            .launched(step: $0, attempt: $1, method: $2, execution: $3)
        } values: {
            if case .launched(let a, let b, let c, let d) = $0 { (a, b, c, d) } else { nil }
        },
        Form("started", Field.step(), Field.integer("pid"), Field.integer("start"), Field.basis) {
            .started(step: $0, pid: $1, startTicks: $2, basis: $3)
        } values: {
            if case .started(let a, let b, let c, let d) = $0 { (a, b, c, d) } else { nil }
        },
        Form("ended", Field.step(), Field.end) {
            .ended(step: $0, $1)
        } values: {
            if case .ended(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("skipped", Field.step(), Field.reason) {
            .skipped(step: $0, $1)
        } values: {
            if case .skipped(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("skipped_together", Field.ranges("steps"), Field.reason) {
            .skippedTogether($0, $1)
        } values: {
            if case .skippedTogether(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("due", Field.step(), Field.causes) {
            .due(step: $0, $1)
        } values: {
            if case .due(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("waiting", Field.step(), Field.holder) {
            .waiting(step: $0, holder: $1)
        } values: {
            if case .waiting(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("terminating", Field.step(), Field.integer("signal"), Field.reason) {
            .terminating(step: $0, signal: $1, reason: $2)
        } values: {
            if case .terminating(let a, let b, let c) = $0 { (a, b, c) } else { nil }
        },
        Form("killed", Field.step()) {
            .killed(step: $0)
        } values: {
            if case .killed(let a) = $0 { a } else { nil }
        },
        Form("leftovers", Field.step(), Field.processes) {
            .leftovers(step: $0, $1)
        } values: {
            if case .leftovers(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("inputs_changed", Field.step(), Field.change) {
            .inputsChanged(step: $0, $1)
        } values: {
            if case .inputsChanged(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("outputs_empty", Field.step(), Field.texts("paths")) {
            .outputsEmpty(step: $0, $1)
        } values: {
            if case .outputsEmpty(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("log_part", Field.step(), Field.logPart) {
            .logPart(step: $0, $1)
        } values: {
            if case .logPart(let a, let b) = $0 { (a, b) } else { nil }
        },
    ]

    private static let ofAttempts: [Form] = [
        Form("check_started", Field.step(), Field.integer("pid"), Field.integer("start")) {
            .checkStarted(step: $0, pid: $1, startTicks: $2)
        } values: {
            if case .checkStarted(let a, let b, let c) = $0 { (a, b, c) } else { nil }
        },
        Form("attempt_failed", Field.step(), Field.failure) {
            .attemptFailed(step: $0, $1)
        } values: {
            if case .attemptFailed(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form(
            "retry_scheduled", Field.step(), Field.integer("attempt"), Field.method,
            Field.integer("delay_ms")
        ) {
            .retryScheduled(step: $0, attempt: $1, method: $2, delayMilliseconds: $3)
        } values: {
            if case .retryScheduled(let a, let b, let c, let d) = $0 { (a, b, c, d) } else { nil }
        },
        Form("review_wanted", Field.step()) {
            .reviewWanted(step: $0)
        } values: {
            if case .reviewWanted(let a) = $0 { a } else { nil }
        },
        Form("decided", Field.step(), Field.decision) {
            .decided(step: $0, $1)
        } values: {
            if case .decided(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("threshold_reached", Field.step(), Field.integer("failures")) {
            .thresholdReached(step: $0, failures: $1)
        } values: {
            if case .thresholdReached(let a, let b) = $0 { (a, b) } else { nil }
        },
    ]

    private static let ofRuns: [Form] = [
        Form("run_started", Field.header) {
            .runStarted($0)
        } values: {
            if case .runStarted(let a) = $0 { a } else { nil }
        },
        Form("run_ended", Field.word("status")) {
            .runEnded($0)
        } values: {
            if case .runEnded(let a) = $0 { a } else { nil }
        },
        Form("halting", Field.step()) {
            .halting(step: $0)
        } values: {
            if case .halting(let a) = $0 { a } else { nil }
        },
        Form("group_halting", Field.step()) {
            .groupHalting(step: $0)
        } values: {
            if case .groupHalting(let a) = $0 { a } else { nil }
        },
        Form("stopping", Field.integer("signal")) {
            .stopping(signal: $0)
        } values: {
            if case .stopping(let a) = $0 { a } else { nil }
        },
        Form("faulted", Field.text("reason"), Field.text("error")) {
            .faulted(RunFault(reason: $0, error: $1))
        } values: {
            if case .faulted(let fault) = $0 { (fault.reason, fault.error) } else { nil }
        },
        Form("limit_reached", Field.word("limit"), Field.integer("limit_ms"), Field.phase) {
            .limitReached($0, limitMilliseconds: $1, phase: $2)
        } values: {
            if case .limitReached(let a, let b, let c) = $0 { (a, b, c) } else { nil }
        },
        Form("barrier_passed", Field.integer("task"), Field.integer("phase")) {
            .barrierPassed(task: $0, phase: $1)
        } values: {
            if case .barrierPassed(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("finalizing") {
            .finalizing
        } values: {
            if case .finalizing = $0 { () } else { nil }
        },
        Form("suspended") {
            .suspended
        } values: {
            if case .suspended = $0 { () } else { nil }
        },
        Form("resumed", Field.integer("after_ns")) {
            .resumed(after: $0)
        } values: {
            if case .resumed(let a) = $0 { a } else { nil }
        },
        Form("reading", Field.text("text")) {
            .reading($0)
        } values: {
            if case .reading(let a) = $0 { a } else { nil }
        },
        Form("warning", Field.optionalStep(), Field.text("text")) {
            .warning(step: $0, $1)
        } values: {
            if case .warning(let a, let b) = $0 { (a, b) } else { nil }
        },
    ]

    private static let ofShares: [Form] = [
        Form("mode_changed", Field.word("mode")) {
            .modeChanged($0)
        } values: {
            if case .modeChanged(let a) = $0 { a } else { nil }
        },
        Form(
            "throttled", Field.step(), Field.optionalText("resource"), Field.integer("limit"),
            Field.integer("delay_ms")
        ) {
            .throttled(step: $0, resource: $1, limit: $2, delayMilliseconds: $3)
        } values: {
            if case .throttled(let a, let b, let c, let d) = $0 { (a, b, c, d) } else { nil }
        },
        Form("throttle_eased", Field.optionalText("resource"), Field.integer("limit")) {
            .throttleEased(resource: $0, limit: $1)
        } values: {
            if case .throttleEased(let a, let b) = $0 { (a, b) } else { nil }
        },
        Form("breaker_changed", Field.text("resource"), Field.word("phase"), Field.optionalStep()) {
            .breakerChanged(resource: $0, $1, step: $2)
        } values: {
            if case .breakerChanged(let a, let b, let c) = $0 { (a, b, c) } else { nil }
        },
    ]
}

extension RunEvent.Kind {
    /// The event's name for machines, as journal and `progress.json` have it.
    var name: String { JournalEvents.all.first { $0.matches(self) }?.name ?? "other" }
}
