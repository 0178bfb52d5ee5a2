/// Lists of different lengths in two flat arrays; row `i` belongs to step `i`.
///
/// When all rows are empty there are no offsets either, so a feature that a workflow does not use
/// costs nothing.
struct RaggedArray<Element: Sendable>: Sendable {
    private let offsets: [Int32]
    private let elements: [Element]

    /// Groups entries by their row; within a row they keep the given order.
    init(count: Int, entries: [(row: Int, element: Element)]) {
        guard !entries.isEmpty else {
            offsets = []
            elements = []
            return
        }
        var ends = [Int32](repeating: 0, count: count + 1)
        for entry in entries { ends[entry.row + 1] += 1 }
        for row in 0..<count { ends[row + 1] += ends[row] }
        offsets = ends
        var next = ends
        var places = [Int](repeating: 0, count: entries.count)
        for (number, entry) in entries.enumerated() {
            places[Int(next[entry.row])] = number
            next[entry.row] += 1
        }
        elements = places.map { entries[$0].element }
    }

    var isEmpty: Bool { elements.isEmpty }

    subscript(row: Int) -> ArraySlice<Element> {
        guard !offsets.isEmpty else { return [] }
        return elements[Int(offsets[row])..<Int(offsets[row + 1])]
    }
}
