/// A set of Unicode scalars as ascending, separate ranges.
struct ScalarSet: Sendable, Hashable {
    private(set) var ranges: [ClosedRange<UInt32>]

    static let slash: UInt32 = 0x2F
    private static let last: UInt32 = 0x10FFFF

    init(_ ranges: [ClosedRange<UInt32>]) {
        var merged: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let before = merged.last, range.lowerBound <= before.upperBound &+ 1 {
                merged[merged.count - 1] =
                    before.lowerBound...max(before.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    /// Everything but the slash.
    static let nameCharacter = ScalarSet([0...slash - 1, slash + 1...last])
    /// Everything.
    static let anything = ScalarSet([0...last])

    var complement: ScalarSet {
        var result: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { result.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= Self.last { result.append(next...Self.last) }
        return ScalarSet(result)
    }

    func contains(_ value: UInt32) -> Bool {
        ranges.contains { $0.contains(value) }
    }

    func intersection(_ other: ScalarSet) -> ScalarSet {
        var result: [ClosedRange<UInt32>] = []
        for a in ranges {
            for b in other.ranges where a.overlaps(b) { result.append(a.clamped(to: b)) }
        }
        return ScalarSet(result)
    }

    /// Whether both have a common member other than the slash.
    func sharesName(with other: ScalarSet) -> Bool {
        for a in ranges {
            for b in other.ranges where a.overlaps(b) {
                let common = a.clamped(to: b)
                if common.lowerBound != Self.slash || common.upperBound != Self.slash {
                    return true
                }
            }
        }
        return false
    }
}

/// A pattern as a list of instructions, run with a set of positions.
struct GlobProgram: Sendable {
    enum Instruction: Sendable {
        /// Consumes this one character, then continues with the next instruction.
        case character(UInt32)
        /// Consumes one character of the set, then continues with the next instruction.
        case take(ScalarSet)
        /// Continues at both instructions.
        case split(Int, Int)
        /// Continues at that instruction.
        case jump(Int)
        /// The path matches if it ends here.
        case accept
    }

    var instructions: [Instruction] = []

    /// Runs all positions in parallel: the time is the product of both lengths.
    func accepts(_ path: String) -> Bool {
        var current = PositionSet(capacity: instructions.count)
        var next = PositionSet(capacity: instructions.count)
        add(0, to: &current)
        for scalar in path.unicodeScalars {
            next.removeAll()
            for position in current.members {
                let isTaken =
                    switch instructions[position] {
                    case .character(let value): value == scalar.value
                    case .take(let set): set.contains(scalar.value)
                    case .split, .jump, .accept: false
                    }
                if isTaken { add(position + 1, to: &next) }
            }
            if next.members.isEmpty { return false }
            swap(&current, &next)
        }
        return current.members.contains { position in
            if case .accept = instructions[position] { true } else { false }
        }
    }

    private func add(_ start: Int, to set: inout PositionSet) {
        var open = [start]
        while let position = open.popLast() {
            guard set.visit(position) else { continue }
            switch instructions[position] {
            case .split(let a, let b): open += [b, a]
            case .jump(let target): open.append(target)
            case .character, .take, .accept: set.members.append(position)
            }
        }
    }

    /// Runs both programs in parallel over all possible paths, and returns whether both can end
    /// together.
    func overlaps(_ other: GlobProgram) -> Bool {
        let width = other.instructions.count
        var seen = Set<Int>()
        var open: [Place] = []
        func visit(_ place: Place) {
            let key = (place.mine * width + place.others) * 3 + place.path.rawValue
            if seen.insert(key).inserted { open.append(place) }
        }
        visit(Place(mine: 0, others: 0, path: .start))
        while let place = open.popLast() {
            switch (instructions[place.mine], other.instructions[place.others]) {
            case (.split(let a, let b), _):
                visit(place.moving(mine: a))
                visit(place.moving(mine: b))
            case (.jump(let target), _):
                visit(place.moving(mine: target))
            case (_, .split(let a, let b)):
                visit(place.moving(others: a))
                visit(place.moving(others: b))
            case (_, .jump(let target)):
                visit(place.moving(others: target))
            case (.accept, .accept):
                if place.path == .inName { return true }
            case (let a, let b):
                let common = Self.common(a, b)
                let after = place.moving(mine: place.mine + 1, others: place.others + 1)
                if common.name { visit(after.on(.inName)) }
                // A path has no empty names, so a slash follows a name, or begins an absolute one.
                if common.slash, place.path != .afterSlash { visit(after.on(.afterSlash)) }
            }
        }
        return false
    }

    /// What two instructions can both consume: a character of a name, a slash.
    private static func common(_ a: Instruction, _ b: Instruction) -> (name: Bool, slash: Bool) {
        switch (a, b) {
        case (.character(let x), .character(let y)):
            (x == y && x != ScalarSet.slash, x == y && x == ScalarSet.slash)
        case (.character(let x), .take(let set)), (.take(let set), .character(let x)):
            (x != ScalarSet.slash && set.contains(x), x == ScalarSet.slash && set.contains(x))
        case (.take(let x), .take(let y)):
            (
                x.sharesName(with: y),
                x.contains(ScalarSet.slash) && y.contains(ScalarSet.slash)
            )
        default:
            (false, false)
        }
    }

    /// A state in the comparison of two programs.
    private struct Place {
        enum PathState: Int { case start, inName, afterSlash }

        var mine: Int
        var others: Int
        var path: PathState

        func moving(mine: Int? = nil, others: Int? = nil) -> Place {
            Place(mine: mine ?? self.mine, others: others ?? self.others, path: path)
        }

        func on(_ path: PathState) -> Place {
            Place(mine: mine, others: others, path: path)
        }
    }
}

/// Positions in a program, each once.
private struct PositionSet {
    var members: [Int] = []
    private var round = 1
    private var visited: [Int]

    init(capacity: Int) { visited = [Int](repeating: 0, count: capacity) }

    mutating func visit(_ position: Int) -> Bool {
        guard visited[position] != round else { return false }
        visited[position] = round
        return true
    }

    mutating func removeAll() {
        members.removeAll(keepingCapacity: true)
        round += 1
    }
}
