import DependencyGraph

/// A valid workflow as bytes, from which it is had back without parsing or checking anything.
///
/// The form belongs to one version of the program: nothing else reads it, and nothing in it is kept for
/// another version. Reading takes O(steps), some microseconds each.
extension ResolvedWorkflow {
    /// All of it: what was declared, the graph, and what the checks have found.
    public var snapshot: [UInt8] {
        var writer = SnapshotWriter()
        encode(to: &writer)
        return writer.bytes
    }

    /// Reads what ``snapshot`` gave.
    ///
    /// - Parameter snapshot: The bytes; any others are refused, or are another valid workflow.
    /// - Throws: Where they are damaged.
    public convenience init(snapshot: UnsafeRawBufferPointer) throws(DamagedBytes) {
        var reader = try SnapshotReader(snapshot)
        try self.init(from: &reader)
        guard reader.isAtEnd else { throw DamagedBytes() }
    }

    private func encode(to writer: inout SnapshotWriter) {
        writer.value(workflow)
        for node in workflow.steps.indices { writer.list(graph.dependencies(of: node).map(\.self)) }
        writer.list(inferredEdges)
        writer.list(conflicts)
        writer.list(rewrites)
        writer.list(looseReads)
        writer.list(conditions.sorted { $0.key < $1.key }) { writer, condition in
            writer.count(condition.key)
            writer.value(condition.value)
        }
    }

    private convenience init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        let workflow: Workflow = try reader.value()
        let steps = workflow.steps.indices
        let graph = try Self.graph(of: workflow, from: &reader)
        let edges: [WorkflowEdge] = try reader.list()
        let pairs: [[OutputConflict]] = [
            try reader.list(), try reader.list(), try reader.list(),
        ]
        let conditions = try reader.list { reader throws(DamagedBytes) in
            (step: try reader.count(), condition: try reader.value() as ConditionExpression)
        }
        func isStep(_ number: Int32) -> Bool { steps.contains(Int(number)) }
        guard edges.allSatisfy({ isStep($0.dependency) && isStep($0.dependent) }),
            pairs.joined().allSatisfy({ isStep($0.first) && isStep($0.second) }),
            conditions.allSatisfy({ steps.contains($0.step) })
        else { throw DamagedBytes() }
        self.init(
            workflow: workflow, graph: graph, inferredEdges: edges, conflicts: pairs[0],
            rewrites: pairs[1], looseReads: pairs[2],
            conditions: Dictionary(
                conditions.map { ($0.step, $0.condition) }, uniquingKeysWith: { first, _ in first })
        )
    }

    private static func graph(
        of workflow: Workflow, from reader: inout SnapshotReader
    ) throws(DamagedBytes) -> Graph<StepID> {
        var offsets: [Int32] = [0]
        offsets.reserveCapacity(workflow.steps.count + 1)
        var targets: [Int32] = []
        for _ in workflow.steps.indices {
            let count = try reader.count()
            guard count >= 0, count <= workflow.steps.count else { throw DamagedBytes() }
            for _ in 0..<count { targets.append(try reader.value()) }
            guard let end = Int32(exactly: targets.count) else { throw DamagedBytes() }
            offsets.append(end)
        }
        guard
            let graph = Graph(
                nodes: workflow.steps.map(\.id), offsets: offsets, dependencies: targets)
        else { throw DamagedBytes() }
        return graph
    }
}

extension WorkflowEdge: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.value(dependency)
        writer.value(dependent)
        switch origin {
        case .declared: writer.byte(0)
        case .inferred(let path):
            writer.byte(1)
            writer.text(path)
        case .condition: writer.byte(2)
        case .taskOrder: writer.byte(3)
        case .stepOrder: writer.byte(4)
        }
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        let (dependency, dependent): (Int32, Int32) = (try reader.value(), try reader.value())
        let origin: EdgeOrigin =
            switch try reader.byte() {
            case 0: .declared
            case 1: .inferred(path: try reader.text())
            case 2: .condition
            case 3: .taskOrder
            case 4: .stepOrder
            default: throw DamagedBytes()
            }
        self.init(dependency: Int(dependency), dependent: Int(dependent), origin: origin)
    }
}

extension OutputConflict: SnapshotCodable {
    func encode(to writer: inout SnapshotWriter) {
        writer.value(first)
        writer.value(second)
        writer.text(path)
    }

    init(from reader: inout SnapshotReader) throws(DamagedBytes) {
        let (first, second): (Int32, Int32) = (try reader.value(), try reader.value())
        self.init(first: Int(first), second: Int(second), path: try reader.text())
    }
}
