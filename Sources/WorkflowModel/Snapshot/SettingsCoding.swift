extension CacheSettings: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.number(maxSize)
        writer.value(maxAge)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init()
        maxSize = try reader.number()
        maxAge = try reader.value()
    }
}

extension RetrySettings: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.optional(delay)
        writer.optional(maxDelay)
        writer.optional(budget)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init()
        delay = try reader.optional()
        maxDelay = try reader.optional()
        budget = try reader.optional()
    }
}

extension ThrottleSettings: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.list(exitCodes)
        writer.optional(pattern)
        writer.optional(delay)
        writer.optional(recoverAfter)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init()
        exitCodes = try reader.list()
        pattern = try reader.optional()
        delay = try reader.optional()
        recoverAfter = try reader.optional()
    }
}

extension BreakerSettings: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.optional(failures)
        writer.optional(coolDown)
        writer.optional(whenOpen) { $0.choice($1) }
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init()
        failures = try reader.optional()
        coolDown = try reader.optional()
        whenOpen = try reader.optional { reader throws(DamagedBytes) in try reader.choice() }
    }
}

extension ExecutionSettings: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.flag(isParallelEnabled)
        writer.optional(maxParallelSteps)
        writer.optional(errorPropagation) { $0.choice($1) }
        writer.choice(failureStrategy)
        writer.optional(failureThreshold)
        writer.flag(barriers)
        writer.optional(timeout)
        writer.optional(idleTimeout)
        writer.optional(phaseTimeout)
        writer.optional(runTimeout)
        writer.optional(grace)
        writer.list(shell)
        writer.optional(runner)
        writer.optional(defaultMode)
        writer.optional(passEnvironment) { $0.list($1) }
        writer.list(secrets)
        writer.choice(log)
        writer.value(retry)
        writer.optional(throttle)
        writer.optional(breaker)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init()
        isParallelEnabled = try reader.flag()
        maxParallelSteps = try reader.optional()
        errorPropagation = try reader.optional { reader throws(DamagedBytes) in
            try reader.choice()
        }
        failureStrategy = try reader.choice()
        failureThreshold = try reader.optional()
        barriers = try reader.flag()
        timeout = try reader.optional()
        idleTimeout = try reader.optional()
        phaseTimeout = try reader.optional()
        runTimeout = try reader.optional()
        grace = try reader.optional()
        shell = try reader.list()
        guard !shell.isEmpty else { throw DamagedBytes() }
        runner = try reader.optional()
        defaultMode = try reader.optional()
        passEnvironment = try reader.optional { reader throws(DamagedBytes) in try reader.list() }
        secrets = try reader.list()
        log = try reader.choice()
        retry = try reader.value()
        throttle = try reader.optional()
        breaker = try reader.optional()
    }
}
