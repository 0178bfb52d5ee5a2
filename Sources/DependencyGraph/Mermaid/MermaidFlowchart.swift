/// A flowchart that can be rendered as Mermaid text: a description, without layout.
///
/// Nodes are identified by their index and appear as `n0`, `n1`, …, so no user text becomes a
/// Mermaid identifier. Labels and titles hold any text; see ``MermaidText/escape(_:)``.
public struct MermaidFlowchart: Hashable, Sendable {
    /// Where the arrows lead.
    public enum Direction: String, Hashable, Sendable {
        case topDown = "TD"
        case leftRight = "LR"
        case bottomTop = "BT"
        case rightLeft = "RL"
    }

    /// A box.
    public struct Node: Hashable, Sendable {
        /// The outline of a box.
        public enum Shape: Hashable, Sendable {
            case rectangle, rounded, stadium, subroutine, hexagon
        }

        /// What is in the box.
        public var label: String
        /// The outline.
        public var shape: Shape
        /// Names of ``MermaidFlowchart/classes`` that style it.
        public var classes: [String]

        /// Makes a box.
        public init(_ label: String, shape: Shape = .rectangle, classes: [String] = []) {
            self.label = label
            self.shape = shape
            self.classes = classes
        }
    }

    /// An arrow.
    public struct Edge: Hashable, Sendable {
        /// The line of an arrow.
        public enum Style: String, Hashable, Sendable {
            case solid = "-->"
            case dotted = "-.->"
            case thick = "==>"
            case invisible = "~~~"
        }

        /// The index of the node where it starts.
        public var from: Int
        /// The index of the node to which it points.
        public var to: Int
        /// What is written on it, if anything.
        public var label: String?
        /// How it is drawn.
        public var style: Style

        /// Makes an arrow.
        public init(from: Int, to: Int, label: String? = nil, style: Style = .solid) {
            self.from = from
            self.to = to
            self.label = label
            self.style = style
        }
    }

    /// A frame around some nodes.
    public struct Subgraph: Hashable, Sendable {
        /// What is written at its top.
        public var title: String
        /// The indices of its nodes; a node that is also in an earlier frame stays in that one.
        public var nodes: [Int]
        /// Frames inside it.
        public var children: [Subgraph]

        /// Makes a frame.
        public init(_ title: String, nodes: [Int] = [], children: [Subgraph] = []) {
            self.title = title
            self.nodes = nodes
            self.children = children
        }
    }

    /// A style that nodes can share.
    public struct Class: Hashable, Sendable {
        /// The name; characters other than ASCII letters and digits are left out in the text.
        public var name: String
        /// CSS as Mermaid accepts it: `fill:#fdd,stroke:#c00`.
        public var style: String

        /// Makes a style.
        public init(_ name: String, style: String) {
            self.name = name
            self.style = style
        }
    }

    /// With more arrows than this Mermaid shows an error, unless its page sets another limit.
    public static let defaultEdgeLimit = 500
    /// With a longer text than this Mermaid shows an error, unless its page sets another limit.
    public static let defaultTextLimit = 50_000

    /// Where the arrows lead.
    public var direction: Direction
    /// Lines at the top of the text that the diagram does not show.
    public var comments: [String]
    /// The boxes; their indices are what the other parts refer to.
    public var nodes: [Node]
    /// The arrows; one that names a node that does not exist is left out.
    public var edges: [Edge]
    /// The frames.
    public var subgraphs: [Subgraph]
    /// The styles.
    public var classes: [Class]

    /// Makes a flowchart.
    public init(
        direction: Direction = .topDown, comments: [String] = [], nodes: [Node] = [],
        edges: [Edge] = [], subgraphs: [Subgraph] = [], classes: [Class] = []
    ) {
        self.direction = direction
        self.comments = comments
        self.nodes = nodes
        self.edges = edges
        self.subgraphs = subgraphs
        self.classes = classes
    }
}
