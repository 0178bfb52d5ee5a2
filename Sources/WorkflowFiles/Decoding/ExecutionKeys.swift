import WorkflowModel

extension WorkflowTables {
    static let execution = KeyTable<ExecutionSettings>(
        .execution, failing + limits + starting + prose.map { .ignored($0) })

    /// Keys with which the source documents instruct an agent about its modes and reports.
    private static let prose = [
        "allow_mode_switching", "confidence_threshold", "dynamic_escalation",
        "escalation_threshold", "escalation_triggers", "logging", "progress_tracking",
        "supported_modes",
    ]

    private static let failing: [KeyRule<ExecutionSettings>] = [
        .boolean("parallel_enabled") { $0.isParallelEnabled = $1 }
            .habits(
                "parallel", "concurrent", "parallelism_enabled", "enable_parallel",
                "allow_parallel"),
        .integer("max_parallel_steps", atLeast: 1) { $0.maxParallelSteps = $1 }
            .habits(
                "max_parallel", "jobs", "max_jobs", "workers", "max_workers", "concurrency",
                "max_concurrency", "max_concurrent", "parallelism", "threads", "num_jobs",
                "parallel_jobs", "max_parallel_tasks", "max_active_steps", "limit"),
        .choice("error_propagation", of: ErrorPropagation.self) { $0.errorPropagation = $1 }
            .habits(
                "on_error", "on_failure", "on_fail", "fail_fast", "failfast", "error_handling",
                "error_strategy", "error_policy", "failure_policy", "propagation_strategy",
                "halt_on_critical", "keep_going"),
        .choice("failure_strategy", of: FailureStrategy.self) { $0.failureStrategy = $1 }
            .habits(
                "failure_mode", "cancel_on_failure", "stop_on_failure", "strategy"),
        .integer("failure_threshold", atLeast: 1) { $0.failureThreshold = $1 }
            .habits(
                "max_failures", "failure_limit", "error_threshold", "max_errors"),
        .boolean("barriers") { $0.barriers = $1 }
            .habits(
                "barrier", "sync", "synchronise", "synchronize"),
    ]

    private static let limits: [KeyRule<ExecutionSettings>] = [
        .limit("timeout") { $0.timeout = $1 }
            .habits(
                "timeout_seconds", "timeout_secs", "timeout_sec", "timeout_s", "timeout_ms",
                "timeout_minutes", "timeout_min", "step_timeout", "time_limit", "timelimit",
                "max_time", "max_duration"),
        .limit("idle_timeout") { $0.idleTimeout = $1 }
            .habits(
                "silence_timeout", "output_timeout", "no_output_timeout", "inactivity_timeout"),
        .limit("phase_timeout") { $0.phaseTimeout = $1 }
            .habits(
                "barrier_timeout", "stage_timeout", "level_timeout"),
        .limit("run_timeout") { $0.runTimeout = $1 }
            .habits(
                "total_timeout", "global_timeout", "workflow_timeout", "max_run_time",
                "overall_timeout"),
        .delay("grace") { $0.grace = $1 }
            .habits(
                "grace_period", "kill_timeout", "stop_timeout", "shutdown_timeout"),
    ]

    private static let starting: [KeyRule<ExecutionSettings>] = [
        KeyRule("shell", "a list of strings") { settings, entry, reader in
            if let words = reader.arguments(entry) { settings.shell = words }
        }.habits("interpreter", "sh", "bash", "executable"),
        KeyRule("runner", "a string or a list of strings") { settings, entry, reader in
            settings.runner = reader.command(entry)
        }.habits("agent", "executor", "command", "cmd", "default_command", "run"),
        KeyRule("default_mode", or: ["mode"], "a string") { settings, entry, reader in
            settings.defaultMode = reader.choice(entry, of: SourceMode.self)?.rawValue
        }.habits("execution_mode", "interaction", "interactive"),
        .strings("pass_environment") { $0.passEnvironment = $1 }
            .habits(
                "pass_env", "passenv", "env_pass", "inherit_env", "inherit_environment",
                "env_allow", "environment_allowlist"),
        .strings("secrets") { $0.secrets = $1 }
            .habits(
                "secret", "mask", "masks", "masked", "sensitive", "secret_env"),
        .choice("log", of: LogMode.self) { $0.log = $1 },
        KeyRule("retry", "a table") { settings, entry, reader in
            guard let table = reader.table(entry) else { return }
            WorkflowTables.retry.decode(table, into: &settings.retry, with: &reader)
        }.habits("retries", "retry_policy", "backoff"),
        KeyRule("throttle", "a table") { settings, entry, reader in
            guard let table = reader.table(entry) else { return }
            var throttle = ThrottleSettings()
            WorkflowTables.throttle.decode(table, into: &throttle, with: &reader)
            reader.reportIdleThrottle(entry, table)
            settings.throttle = throttle
        }.habits("rate_limit", "throttling"),
        KeyRule("breaker", "a table") { settings, entry, reader in
            settings.breaker = reader.breaker(entry)
        }.habits("circuit_breaker"),
    ]

    static let retry = KeyTable<RetrySettings>(
        .retry,
        [
            .delay("delay") { $0.delay = $1 },
            .delay("max_delay") { $0.maxDelay = $1 },
            .integer("budget", atLeast: 0) { $0.budget = $1 },
        ])

    static let throttle = KeyTable<ThrottleSettings>(
        .throttle,
        [
            KeyRule("exit_codes", "a list of exit codes") { throttle, entry, reader in
                throttle.exitCodes = reader.exitCodes(entry) ?? []
            },
            .expression("pattern") { $0.pattern = $1 },
            .delay("delay") { $0.delay = $1 },
            .delay("recover_after") { $0.recoverAfter = $1 },
        ])

    static let breaker = KeyTable<BreakerSettings>(
        .breaker,
        [
            .integer("failures", atLeast: 1) { $0.failures = $1 },
            .delay("cool_down") { $0.coolDown = $1 },
            .choice("when_open", of: BreakerSettings.WhenOpen.self) { $0.whenOpen = $1 },
        ])

    /// `[error_propagation]` of the source documents: two of its fields are settings here.
    static let errorPropagation = KeyTable<ExecutionSettings>(
        .errorPropagation,
        [
            .choice("propagation_strategy", or: ["strategy"], of: ErrorPropagation.self) {
                $0.errorPropagation = $1
            },
            .integer("failure_threshold", atLeast: 1) { $0.failureThreshold = $1 },
            .boolean("enabled", or: ["propagation_enabled"]) { _, _ in },
            .boolean("halt_on_critical") { _, _ in },
            .ignored("read_prior_steps"),
            .ignored("dependency_tracking"),
        ])
}

/// How often a run of the source documents asks its user.
private enum SourceMode: String, CaseIterable {
    case dynamic, silent, collaborative, education
}

extension ValueReader {
    mutating func breaker(_ entry: DocumentTable.Entry) -> BreakerSettings? {
        guard let table = table(entry) else { return nil }
        var breaker = BreakerSettings()
        WorkflowTables.breaker.decode(table, into: &breaker, with: &self)
        return breaker
    }

    mutating func exitCodes(_ entry: DocumentTable.Entry) -> [Int32]? {
        list(entry, of: "exit codes")?.compactMap { value in
            if case .integer(let number) = value.content, let code = exitCode(number) {
                return code
            }
            report(.error("`\(entry.key)` holds no exit code from 1 to 255", at: value.range))
            return nil
        }
    }
}
