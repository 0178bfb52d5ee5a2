/// The edges of a graph without cycles, in both directions.
///
/// Everything that needs no ids works on this; ``Graph`` adds the ids.
@usableFromInline
struct AcyclicStructure: Sendable {
    /// Row `v`: what `v` depends on, as declared.
    @usableFromInline let dependencies: CompressedRows
    /// Row `v`: what depends on `v`, ascending.
    @usableFromInline let dependents: CompressedRows
    /// Every node after all its dependencies; among ready nodes, the one declared first.
    @usableFromInline let order: [Int32]

    @usableFromInline
    var count: Int { dependencies.count }

    /// Orders the nodes in O(V + E); nil when there is a cycle.
    ///
    /// The rows must name each dependency once.
    init?(dependencies: CompressedRows) {
        let count = dependencies.count
        let dependents = dependencies.transposed()
        var waitingFor = [Int32](repeating: 0, count: count)
        var ready = IndexQueue(capacity: count)
        for node in 0..<count {
            waitingFor[node] = Int32(truncatingIfNeeded: dependencies.range(node).count)
            if waitingFor[node] == 0 { ready.insert(node) }
        }
        var order: [Int32] = []
        order.reserveCapacity(count)
        while let node = ready.popFirst() {
            order.append(Int32(truncatingIfNeeded: node))
            for place in dependents.range(node) {
                let dependent = Int(dependents.targets[place])
                waitingFor[dependent] -= 1
                if waitingFor[dependent] == 0 { ready.insert(dependent) }
            }
        }
        guard order.count == count else { return nil }
        self.init(dependencies: dependencies, dependents: dependents, order: order)
    }

    /// Makes the value from parts that are known to be consistent.
    init(dependencies: CompressedRows, dependents: CompressedRows, order: [Int32]) {
        self.dependencies = dependencies
        self.dependents = dependents
        self.order = order
    }
}
