/// Placeholder until the module's first file lands.

/// Stands in until the graph module lands.
public struct Graph<ID: Hashable & Sendable>: Sendable {
    /// The nodes.
    public let nodes: [ID]
}
