import Testing

@testable import Execution

@Suite("Steps as ranges of their indices")
struct StepRangesTests {
    private static let samples: [[Int]] = [
        [], [0], [5], [0, 1, 2], [0, 2, 4], [3, 4, 9, 11, 12, 13, 400], Array(0..<10_000),
    ]

    @Test("they are the steps they were made from", arguments: samples)
    func steps(_ steps: [Int]) {
        let ranges = StepRanges(steps)
        #expect(Array(ranges) == steps)
        #expect(ranges.count == steps.count)
        #expect(ranges.first == steps.first)
        for step in -1...20 { #expect(ranges.contains(step) == steps.contains(step)) }
    }

    @Test("their bounds make them again, and neighbours are one pair", arguments: samples)
    func bounds(_ steps: [Int]) {
        let ranges = StepRanges(steps)
        #expect(StepRanges(bounds: ranges.bounds, below: 10_000) == (steps.isEmpty ? nil : ranges))
        #expect(StepRanges(Array(7..<90)).bounds == [7, 89])
    }

    @Test("what is not above the one before is left out")
    func disorder() { #expect(Array(StepRanges([3, 2, 3, 4, 4, -1])) == [3, 4]) }

    @Test(
        "bounds that are no ranges are refused",
        arguments: [
            [], [1], [-1, 0], [2, 1], [0, 10], [0, 1, 1, 2], [5, 6, 0, 1], [0, .max], [.min, 3],
        ])
    func refused(_ bounds: [Int]) { #expect(StepRanges(bounds: bounds, below: 10) == nil) }
}
