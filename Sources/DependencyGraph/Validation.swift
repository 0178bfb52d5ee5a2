/// Collects declarations by id, and all problems of them.
struct DeclarationValidation<ID: Hashable & Sendable> {
    private(set) var nodes: [ID] = []
    private(set) var indices: [ID: Int32] = [:]
    /// The declaration of each node; indices differ once an id is declared twice.
    private var declarationOfNode: [Int] = []
    private var declarations: [(id: ID, dependencies: [ID])] = []
    private var problems: [(place: Int, problem: GraphProblem<ID>)] = []

    mutating func add(_ id: ID, dependencies: [ID]) {
        let declaration = declarations.count
        declarations.append((id, dependencies))
        if let first = indices[id] {
            report(
                .duplicate(id),
                at: [
                    .init(declaration: declaration),
                    .init(declaration: declarationOfNode[Int(first)]),
                ])
            return
        }
        indices[id] = Int32(truncatingIfNeeded: nodes.count)
        nodes.append(id)
        declarationOfNode.append(declaration)
    }

    mutating func finish(
        describing: (ID) -> String
    ) throws(GraphProblems<ID>) -> AcyclicStructure {
        var rows = EdgeRows()
        var nextNode = 0
        var unknown = UnknownNames<ID>()
        for (declaration, (id, dependencies)) in declarations.enumerated() {
            // A repeated declaration is checked, but the first one decides about cycles.
            let makesNode =
                nextNode < nodes.count && declarationOfNode[nextNode] == declaration
            for (position, dependency) in dependencies.enumerated() {
                let place = GraphProblem<ID>.Place(
                    declaration: declaration, dependency: position)
                if dependency == id {
                    report(.selfEdge(id), at: [place])
                } else if let target = indices[dependency] {
                    if makesNode { rows.append(target, position: position) }
                } else {
                    let suggestion = unknown.suggestion(
                        for: dependency, among: nodes, describing: describing)
                    // A dependency on itself is never intended.
                    report(
                        .unknownDependency(
                            of: id, named: dependency,
                            suggestion: suggestion == id ? nil : suggestion),
                        at: [place])
                }
            }
            if makesNode {
                rows.endRow()
                nextNode += 1
            }
        }
        // Problems of one declaration stay together, whichever pass found them.
        let sorted = problems.enumerated().sorted {
            ($0.element.place, $0.offset) < ($1.element.place, $1.offset)
        }
        return try AcyclicStructure.validated(
            rows.rows, nodes: nodes, problems: sorted.map(\.element.problem)
        ) { edge in
            .init(
                declaration: declarationOfNode[edge.node],
                dependency: Int(rows.positions[edge.entry]))
        }
    }

    private mutating func report(_ kind: GraphProblem<ID>.Kind, at places: [GraphProblem<ID>.Place])
    {
        let declaration = places.first?.declaration ?? 0
        problems.append((declaration, GraphProblem(kind, at: places)))
    }
}

/// Rows of edges while they grow; each edge has its position in the list that declared it.
private struct EdgeRows {
    private var offsets: [Int32] = [0]
    private var targets: [Int32] = []
    private(set) var positions: [Int32] = []

    var rows: CompressedRows { CompressedRows(offsets: offsets, targets: targets) }

    mutating func append(_ target: Int32, position: Int) {
        targets.append(target)
        positions.append(Int32(truncatingIfNeeded: position))
    }

    mutating func endRow() {
        offsets.append(Int32(truncatingIfNeeded: targets.count))
    }
}

/// Suggestions for ids that are not declared.
private struct UnknownNames<ID: Hashable & Sendable> {
    /// A file with more unknown names than this has another mistake than misspellings.
    private static var limit: Int { 100 }
    private var known: [ID: ID?] = [:]
    private var candidates: NearMiss.Candidates?

    mutating func suggestion(
        for id: ID, among nodes: [ID], describing: (ID) -> String
    ) -> ID? {
        if let earlier = known[id] { return earlier }
        guard known.count < Self.limit else { return nil }
        let candidates = self.candidates ?? NearMiss.Candidates(nodes.map(describing))
        self.candidates = candidates
        let found = candidates.best(for: describing(id)).map { nodes[$0] }
        known[id] = .some(found)
        return found
    }
}

/// Checks edges between node indices.
struct EdgeValidation<ID: Hashable & Sendable> {
    private let nodes: [ID]
    private(set) var indices: [ID: Int32]
    private var problems: [GraphProblem<ID>] = []

    init(nodes: [ID]) {
        self.nodes = nodes
        indices = [:]
        indices.reserveCapacity(nodes.count)
        // This code is not specialised for the id type, so each generic call and each hash costs.
        for index in 0..<nodes.count {
            let number = Int32(truncatingIfNeeded: index)
            guard let first = indices.updateValue(number, forKey: nodes[index]) else { continue }
            indices[nodes[index]] = first
            problems.append(
                GraphProblem(
                    .duplicate(nodes[index]),
                    at: [.init(declaration: index), .init(declaration: Int(first))]))
        }
    }

    mutating func finish(
        edges: [(dependency: Int, dependent: Int)]
    ) throws(GraphProblems<ID>) -> AcyclicStructure {
        var pairs: [(target: Int32, row: Int32)] = []
        pairs.reserveCapacity(edges.count)
        var numbers: [Int] = []
        let range = nodes.indices
        for (number, edge) in edges.enumerated() {
            if range.contains(edge.dependency), range.contains(edge.dependent),
                edge.dependency != edge.dependent
            {
                pairs.append(
                    (
                        Int32(truncatingIfNeeded: edge.dependency),
                        Int32(truncatingIfNeeded: edge.dependent)
                    ))
                continue
            }
            let place = GraphProblem<ID>.Place(declaration: edge.dependent, dependency: number)
            if !range.contains(edge.dependency) {
                problems.append(GraphProblem(.indexOutOfRange(edge.dependency), at: [place]))
            }
            if !range.contains(edge.dependent) {
                problems.append(GraphProblem(.indexOutOfRange(edge.dependent), at: [place]))
            } else if edge.dependency == edge.dependent {
                problems.append(GraphProblem(.selfEdge(nodes[edge.dependent]), at: [place]))
            }
            numbers.append(number)
        }
        let (rows, origins) = CompressedRows.grouping(count: nodes.count, pairs: pairs)
        let left = numbers
        return try AcyclicStructure.validated(rows, nodes: nodes, problems: problems) { edge in
            .init(
                declaration: edge.node,
                dependency: Self.number(ofKept: Int(origins[edge.entry]), leftOut: left))
        }
    }

    /// The original index of the kept edge number `kept`, given the indices left out.
    private static func number(ofKept kept: Int, leftOut: [Int]) -> Int {
        // leftOut[k] - k edges were kept before the k-th that was left out; this never decreases.
        var low = 0
        var high = leftOut.count
        while low < high {
            let middle = (low + high) / 2
            if leftOut[middle] - middle <= kept { low = middle + 1 } else { high = middle }
        }
        return kept + low
    }
}

extension AcyclicStructure {
    /// An edge as it is in the rows before duplicates were dropped.
    struct RawEdge {
        let node: Int
        let entry: Int
    }

    /// Orders the rows; throws the problems found so far, with every separate cycle.
    fileprivate static func validated<ID>(
        _ rows: CompressedRows, nodes: [ID], problems: [GraphProblem<ID>],
        place: (RawEdge) -> GraphProblem<ID>.Place
    ) throws(GraphProblems<ID>) -> AcyclicStructure {
        if let structure = AcyclicStructure(dependencies: rows.deduplicated()) {
            guard problems.isEmpty else { throw GraphProblems(problems) }
            return structure
        }
        var all = problems
        for cycle in CycleFinder.cycles(in: rows) {
            let places = cycle.indices.dropLast().map { step in
                let node = cycle[step]
                let entry = rows.range(node).first { Int(rows.targets[$0]) == cycle[step + 1] }
                return place(RawEdge(node: node, entry: entry ?? 0))
            }
            all.append(GraphProblem(.cycle(cycle.map { nodes[$0] }), at: places))
        }
        throw GraphProblems(all)
    }
}
