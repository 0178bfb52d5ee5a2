import DependencyGraph
import Testing
import TestSupport

@Suite("Index queues and node sets")
struct IndexQueueTests {
    @Test(
        "a queue of any size does what a sorted set does",
        arguments: [0, 1, 63, 64, 65, 4096, 4097, 300_000])
    func againstSet(capacity: Int) {
        var random = SeededGenerator(seed: UInt64(capacity))
        var queue = IndexQueue(capacity: capacity)
        var members: Set<Int> = []
        for _ in 0..<600 {
            let index = Int.random(in: -2...(capacity + 1), using: &random)
            let isInside = (0..<capacity).contains(index)
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                #expect(queue.insert(index) == (isInside && members.insert(index).inserted))
            case 2:
                #expect(queue.remove(index) == (members.remove(index) != nil))
            case 3:
                #expect(queue.first(after: index) == members.filter { $0 > index }.min())
            default:
                let smallest = members.min()
                #expect(queue.popFirst() == smallest)
                if let smallest { members.remove(smallest) }
            }
            #expect(queue.count == members.count)
            #expect(queue.isEmpty == members.isEmpty)
            #expect(queue.contains(index) == members.contains(index))
            #expect(queue.first == members.min())
        }
    }

    @Test("the last of sixteen million indices is found from the first")
    func fourLevels() {
        var queue = IndexQueue(capacity: 1 << 24)
        queue.insert(1 << 24 - 1)
        queue.insert(0)
        #expect(queue.first(after: 0) == 1 << 24 - 1)
        #expect(queue.popFirst() == 0)
        #expect(queue.popFirst() == 1 << 24 - 1)
        #expect(queue.popFirst() == nil)
    }

    @Test("a node set does what a set does")
    func nodeSet() {
        var random = SeededGenerator(seed: 3)
        var set = NodeSet(capacity: 200)
        var members: Set<Int> = []
        for _ in 0..<1000 {
            let index = Int.random(in: -3...203, using: &random)
            if Bool.random(using: &random) {
                let isNew = (0..<200).contains(index) && members.insert(index).inserted
                #expect(set.insert(index) == isNew)
            } else {
                #expect(set.remove(index) == (members.remove(index) != nil))
            }
        }
        #expect(Array(set) == members.sorted())
        #expect(set.count == members.count)
        var other = NodeSet(capacity: 300)
        for index in stride(from: 0, to: 300, by: 7) { other.insert(index) }
        var union = set
        union.formUnion(other)
        #expect(Array(union) == members.union(other.filter { $0 < 200 }).sorted())
        set.subtract(other)
        #expect(Array(set) == members.subtracting(Array(other)).sorted())
    }
}
