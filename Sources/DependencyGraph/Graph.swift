/// A dependency graph: nodes with ids of any type, free of cycles, immutable.
///
/// Nodes are identified by their index, dense from 0 in declaration order; only ``index(of:)`` and
/// the initializers hash ids. An edge leads from a dependency to its dependent. At most
/// 2,147,483,647 nodes and as many edges.
public struct Graph<ID: Hashable & Sendable>: Sendable {
    /// The ids in declaration order.
    public let nodes: [ID]
    private let indices: [ID: Int32]
    @usableFromInline let structure: AcyclicStructure

    /// Checks declarations and makes a graph of them; throws all problems at once.
    ///
    /// A dependency that is named twice counts once. Complexity: O(V + E) without problems.
    /// - Parameters:
    ///   - declarations: Each node with its dependencies, which may be declared later.
    ///   - describing: The text of an id, used to suggest corrections of unknown ids.
    /// - Throws: ``GraphProblems`` with every problem, including every separate cycle.
    public init<Declarations: Sequence>(
        validating declarations: Declarations,
        describing: (ID) -> String = { String(describing: $0) }
    ) throws(GraphProblems<ID>)
    where Declarations.Element == (id: ID, dependencies: [ID]) {
        var validation = DeclarationValidation<ID>()
        for declaration in declarations {
            validation.add(declaration.id, dependencies: declaration.dependencies)
        }
        let structure = try validation.finish(describing: describing)
        self.init(nodes: validation.nodes, indices: validation.indices, structure: structure)
    }

    /// Checks edges between node indices and makes a graph of them; hashes each node once.
    ///
    /// An edge that is given twice counts once. Complexity: O(V + E).
    /// - Parameters:
    ///   - nodes: The ids, each once.
    ///   - edges: Pairs of indices into `nodes`; a node's dependencies keep this order.
    /// - Throws: ``GraphProblems`` with every problem; places name node and edge indices.
    public init(
        nodes: [ID], edges: [(dependency: Int, dependent: Int)]
    ) throws(GraphProblems<ID>) {
        var validation = EdgeValidation<ID>(nodes: nodes)
        let structure = try validation.finish(edges: edges)
        self.init(nodes: nodes, indices: validation.indices, structure: structure)
    }

    /// Takes the edges in the form in which they are kept; nil where they make no graph.
    ///
    /// For edges that came out of a graph: what is wrong with others is not said. O(V + E).
    /// - Parameters:
    ///   - nodes: The ids, each once.
    ///   - offsets: One more than there are nodes: node `v` has the dependencies from `offsets[v]` to
    ///     before `offsets[v + 1]`.
    ///   - dependencies: Indices into `nodes`, no node twice among those of one node.
    public init?(nodes: [ID], offsets: [Int32], dependencies: [Int32]) {
        guard offsets.count == nodes.count + 1, offsets.first == 0,
            offsets.last.map(Int.init) == dependencies.count,
            zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 }),
            dependencies.allSatisfy({ $0 >= 0 && $0 < nodes.count })
        else { return nil }
        var indices: [ID: Int32] = [:]
        indices.reserveCapacity(nodes.count)
        // Not specialised for the ids: each generic call costs.
        for index in 0..<nodes.count {
            let number = Int32(truncatingIfNeeded: index)
            guard indices.updateValue(number, forKey: nodes[index]) == nil else { return nil }
        }
        let rows = CompressedRows(offsets: offsets, targets: dependencies)
        guard rows.deduplicated() == rows, let structure = AcyclicStructure(dependencies: rows)
        else { return nil }
        self.init(nodes: nodes, indices: indices, structure: structure)
    }

    /// Makes the graph from parts that are known to be consistent.
    init(nodes: [ID], indices: [ID: Int32], structure: AcyclicStructure) {
        self.nodes = nodes
        self.indices = indices
        self.structure = structure
    }

    /// The number of nodes.
    public var count: Int { nodes.count }

    /// The number of distinct edges.
    public var edgeCount: Int { structure.dependencies.targets.count }

    /// The index of a node in O(1); nil when the id is not declared.
    public func index(of id: ID) -> Int? {
        indices[id].map(Int.init)
    }

    /// The dependencies of a node in declaration order, in O(1).
    @inlinable
    public func dependencies(of node: Int) -> NodeIndices {
        structure.dependencies[node]
    }

    /// The dependents of a node, ascending, in O(1).
    @inlinable
    public func dependents(of node: Int) -> NodeIndices {
        structure.dependents[node]
    }

    /// The order of a run with one step at a time: among ready nodes, the one declared first is
    /// next.
    ///
    /// Complexity: O(V); it was computed, in O(V + E), when the graph was made.
    /// - Returns: All node indices, each after its dependencies.
    public func topologicalOrder() -> [Int] {
        structure.order.map(Int.init)
    }

    /// The same nodes with other edges, which must be free of cycles.
    func replacingEdges(_ structure: AcyclicStructure) -> Graph {
        Graph(nodes: nodes, indices: indices, structure: structure)
    }
}
