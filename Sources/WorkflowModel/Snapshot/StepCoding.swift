extension Command: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        switch self {
        case .arguments(let words):
            writer.byte(0)
            writer.list(words)
        case .shell(let line):
            writer.byte(1)
            writer.text(line)
        case .script(let path):
            writer.byte(2)
            writer.text(path)
        }
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        switch try reader.byte() {
        case 0:
            let words: [String] = try reader.list()
            guard !words.isEmpty else { throw DamagedBytes() }
            self = .arguments(words)
        case 1: self = .shell(try reader.text())
        case 2: self = .script(try reader.text())
        default: throw DamagedBytes()
        }
    }
}

extension Dependency: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.value(id)
        writer.optional(range)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init(try reader.value(), at: try reader.optional())
    }
}

extension FilePattern: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.text(text)
        writer.optional(range)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init(try reader.text(), at: try reader.optional())
    }
}

extension ResourceUse: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.text(name)
        writer.count(units)
        writer.optional(range)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init(try reader.text(), units: try reader.count(), at: try reader.optional())
    }
}

extension BackupMethod: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.optional(command)
        writer.optional(description)
        writer.optional(triggerCondition)
        writer.optional(range)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init(
            command: try reader.optional(), description: try reader.optional(),
            triggerCondition: try reader.optional(), at: try reader.optional())
    }
}

extension RetryTrigger: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        switch self {
        case .exitCode(let code):
            writer.byte(0)
            writer.value(code)
        case .signal(let number):
            writer.byte(1)
            writer.value(number)
        case .timeout: writer.byte(2)
        }
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        switch try reader.byte() {
        case 0: self = .exitCode(try reader.value())
        case 1: self = .signal(try reader.value())
        case 2: self = .timeout
        default: throw DamagedBytes()
        }
    }
}

extension EnvironmentVariable: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.text(name)
        writer.text(value)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init(try reader.text(), try reader.text())
    }
}

extension Step.Recovery: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.count(retries)
        writer.list(retryOn)
        writer.list(backups)
        writer.optional(primaryMethod)
        writer.optional(mode)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init()
        retries = try reader.count()
        retryOn = try reader.list()
        backups = try reader.list()
        primaryMethod = try reader.optional()
        mode = try reader.optional()
    }
}

extension Step.Gating: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.optional(condition)
        writer.optional(conditionRange)
        writer.flag(always)
        writer.optional(verify)
        writer.optional(successPattern)
        writer.list(environmentInputs)
        writer.list(tools)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init()
        condition = try reader.optional()
        conditionRange = try reader.optional()
        always = try reader.flag()
        verify = try reader.optional()
        successPattern = try reader.optional()
        environmentInputs = try reader.list()
        tools = try reader.list()
    }
}

/// What most steps do not declare, in one bit each: a plain step then has none of it to read.
private struct RareKeys: OptionSet {
    let rawValue: UInt8

    static let recovery = RareKeys(rawValue: 1)
    static let gating = RareKeys(rawValue: 2)
    static let limits = RareKeys(rawValue: 4)
    static let surroundings = RareKeys(rawValue: 8)
}

extension Step: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.value(id)
        writer.optional(range)
        writer.text(description)
        writer.count(task)
        writer.optional(command)
        writer.optional(commandRange)
        writer.list(dependencies)
        writer.flag(isParallelSafe)
        writer.optional(parallelGroup)
        writer.flag(isCritical)
        writer.list(inputs)
        writer.list(outputFiles)
        writer.list(modifies)
        writer.optional(expectedOutput)
        writer.list(resources)
        writer.flag(allowsFailure)
        writer.choice(leftovers)
        writer.optional(log) { $0.choice($1) }
        writer.byte(declares.rawValue)
        encodeRareKeys(to: &writer)
    }

    private func encodeRareKeys(to writer: inout SnapshotWriter) {
        var keys: RareKeys = []
        if hasRecovery { keys.insert(.recovery) }
        if hasGating { keys.insert(.gating) }
        if timeout != nil || idleTimeout != nil || grace != nil { keys.insert(.limits) }
        if !environment.isEmpty || workingDirectory != nil || workingDirectoryRange != nil
            || runner != nil
        {
            keys.insert(.surroundings)
        }
        writer.byte(keys.rawValue)
        if keys.contains(.recovery) { writer.value(recovery) }
        if keys.contains(.gating) { writer.value(gating) }
        if keys.contains(.limits) {
            writer.optional(timeout)
            writer.optional(idleTimeout)
            writer.optional(grace)
        }
        if keys.contains(.surroundings) {
            writer.list(environment)
            writer.optional(workingDirectory)
            writer.optional(workingDirectoryRange)
            writer.optional(runner)
        }
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init(id: try reader.value(), range: try reader.optional())
        description = try reader.text()
        task = try reader.count()
        command = try reader.optional()
        commandRange = try reader.optional()
        dependencies = try reader.list()
        isParallelSafe = try reader.flag()
        parallelGroup = try reader.optional()
        isCritical = try reader.flag()
        inputs = try reader.list()
        outputFiles = try reader.list()
        modifies = try reader.list()
        expectedOutput = try reader.optional()
        resources = try reader.list()
        allowsFailure = try reader.flag()
        leftovers = try reader.choice()
        log = try reader.optional { reader throws(DamagedBytes) in try reader.choice() }
        declares = DeclaredKeys(rawValue: try reader.byte())
        try decodeRareKeys(from: &reader)
    }

    private mutating func decodeRareKeys(from reader: inout SnapshotReader) throws(DamagedBytes) {
        let keys = RareKeys(rawValue: try reader.byte())
        if keys.contains(.recovery) { recovery = try reader.value() }
        if keys.contains(.gating) { gating = try reader.value() }
        if keys.contains(.limits) {
            timeout = try reader.optional()
            idleTimeout = try reader.optional()
            grace = try reader.optional()
        }
        if keys.contains(.surroundings) {
            environment = try reader.list()
            workingDirectory = try reader.optional()
            workingDirectoryRange = try reader.optional()
            runner = try reader.optional()
        }
    }
}
