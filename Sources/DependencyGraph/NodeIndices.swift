/// The neighbours of a node as indices into ``Graph/nodes``: a view that copies nothing.
public struct NodeIndices: RandomAccessCollection, Sendable, Hashable {
    @usableFromInline let slice: ArraySlice<Int32>

    @usableFromInline
    init(_ slice: ArraySlice<Int32>) {
        self.slice = slice
    }

    /// Always 0.
    @inlinable public var startIndex: Int { 0 }

    /// The number of neighbours.
    @inlinable public var endIndex: Int { slice.count }

    /// The index of the neighbour at a place.
    @inlinable
    public subscript(position: Int) -> Int {
        Int(slice[slice.startIndex + position])
    }
}
