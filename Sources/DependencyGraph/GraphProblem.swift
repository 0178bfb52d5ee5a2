/// Something that keeps declarations from forming a dependency graph.
public struct GraphProblem<ID: Hashable & Sendable>: Hashable, Sendable {
    /// What is wrong.
    public enum Kind: Hashable, Sendable {
        /// A node depends on an id that is not declared; the suggestion is a similar declared id.
        case unknownDependency(of: ID, named: ID, suggestion: ID?)
        /// An id is declared again.
        case duplicate(ID)
        /// A node depends on itself.
        case selfEdge(ID)
        /// Each node depends on the next; the first and the last are the node declared first.
        case cycle([ID])
        /// An edge names a node index that does not exist.
        case indexOutOfRange(Int)
    }

    /// A place in the arguments of the initializer.
    public struct Place: Hashable, Sendable {
        /// Which declaration (or node index), from 0.
        public var declaration: Int
        /// The position in that declaration's list of dependencies (or in the list of edges).
        public var dependency: Int?

        /// Names a declaration, or one of its dependencies.
        public init(declaration: Int, dependency: Int? = nil) {
            self.declaration = declaration
            self.dependency = dependency
        }
    }

    /// What is wrong.
    public var kind: Kind
    /// Where; never empty.
    ///
    /// A duplicate has two places (the repetition, then the first declaration), a cycle one for
    /// each of its edges, all other problems one.
    public var places: [Place]

    /// Makes a problem.
    public init(_ kind: Kind, at places: [Place]) {
        self.kind = kind
        self.places = places
    }
}

/// All problems of a graph's declarations: what ``Graph`` throws.
public struct GraphProblems<ID: Hashable & Sendable>: Error, Hashable, Sendable {
    /// Never empty: first the problems of single declarations in declaration order, then the
    /// cycles.
    public var problems: [GraphProblem<ID>]

    /// Collects problems.
    public init(_ problems: [GraphProblem<ID>]) {
        self.problems = problems
    }
}
