extension WorkflowTask: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.text(id)
        writer.text(description)
        writer.flag(isParallelEnabled)
        writer.flag(isSequence)
        writer.optional(dependencies) { $0.list($1) }
        writer.optional(modeSpecific)
        writer.optional(range)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init(id: try reader.text())
        description = try reader.text()
        isParallelEnabled = try reader.flag()
        isSequence = try reader.flag()
        dependencies = try reader.optional { reader throws(DamagedBytes) in try reader.list() }
        modeSpecific = try reader.optional()
        range = try reader.optional()
    }
}

extension WorkflowInclude: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.text(file)
        writer.optional(prefix)
        writer.optional(dependencies) { $0.list($1) }
        writer.optional(range)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init(try reader.text(), prefix: try reader.optional())
        dependencies = try reader.optional { reader throws(DamagedBytes) in try reader.list() }
        range = try reader.optional()
    }
}

extension ResourceDeclaration: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.text(name)
        writer.count(capacity)
        writer.choice(scope)
        writer.optional(breaker)
        writer.optional(range)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init(
            try reader.text(), capacity: try reader.count(), scope: try reader.choice(),
            breaker: try reader.optional(), at: try reader.optional())
    }
}

extension StepGroup: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.value(name)
        writer.count(members.lowerBound)
        writer.count(members.upperBound)
        writer.optional(range)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        let name: StepID = try reader.value()
        let (first, end) = (try reader.count(), try reader.count())
        guard first >= 0, first < end else { throw DamagedBytes() }
        self.init(name, members: first..<end, at: try reader.optional())
    }
}

extension ParallelGroup: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.text(name)
        writer.optional(failureStrategy) { $0.choice($1) }
        writer.optional(maxParallelSteps)
        writer.optional(range)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init(try reader.text())
        failureStrategy = try reader.optional { reader throws(DamagedBytes) in
            try reader.choice()
        }
        maxParallelSteps = try reader.optional()
        range = try reader.optional()
    }
}

extension Workflow: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.text(name)
        writer.list(steps)
        writer.list(tasks)
        writer.value(execution)
        writer.list(environment)
        writer.list(resources)
        writer.list(includes)
        writer.list(groups)
        writer.list(parallelGroups)
        writer.list(changeClasses) { writer, entry in
            writer.text(entry.name)
            writer.list(entry.patterns)
        }
        writer.value(cache)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        self.init(name: try reader.text())
        steps = try reader.list()
        tasks = try reader.list()
        execution = try reader.value()
        environment = try reader.list()
        resources = try reader.list()
        includes = try reader.list()
        groups = try reader.list()
        parallelGroups = try reader.list()
        changeClasses = try reader.list { reader throws(DamagedBytes) in
            (name: try reader.text(), patterns: try reader.list())
        }
        cache = try reader.value()
        let (steps, tasks) = (steps.indices, tasks.indices)
        guard self.steps.allSatisfy({ tasks.contains($0.task) }),
            groups.allSatisfy({ $0.members.upperBound <= steps.upperBound })
        else { throw DamagedBytes() }
    }
}
