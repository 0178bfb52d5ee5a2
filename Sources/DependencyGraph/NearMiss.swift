/// Finds the name that was most likely meant.
public enum NearMiss {
    /// The candidate nearest to a name; nil when none is near.
    ///
    /// Near means an edit distance (optimal string alignment, case ignored; a transposition counts
    /// one) of at most 2 or a third of the name's length; for a name of up to three characters, at
    /// most 1. Among equally near candidates the one nearest in case wins, then the first.
    /// - Parameters:
    ///   - name: What was typed.
    ///   - candidates: The names that exist.
    /// - Returns: One of the candidates, as it was given.
    /// - Complexity: O(candidates × length); a candidate of a very different length costs O(1).
    public static func best(for name: String, among candidates: some Sequence<String>) -> String? {
        let all = Array(candidates)
        return Candidates(all).best(for: name).map { all[$0] }
    }

    /// The edit distance if it is at most `limit`, else nil; a transposition counts one.
    public static func distance(from a: String, to b: String, limit: Int) -> Int? {
        var rows = DistanceRows()
        return rows.distance(Array(a.unicodeScalars), Array(b.unicodeScalars), limit: limit)
    }

    /// Candidates prepared for several lookups.
    struct Candidates {
        private let names: [[Unicode.Scalar]]
        private let folded: [[Unicode.Scalar]]

        init(_ names: [String]) {
            self.names = names.map { Array($0.unicodeScalars) }
            folded = names.map { Array($0.lowercased().unicodeScalars) }
        }

        /// The index of the nearest candidate.
        func best(for name: String) -> Int? {
            let exact = Array(name.unicodeScalars)
            let wanted = Array(name.lowercased().unicodeScalars)
            var best: (index: Int, distance: Int, exact: Int)?
            var rows = DistanceRows()
            // Two changes leave too little of a short name.
            let maxDistance = wanted.count <= 3 ? 1 : max(2, wanted.count / 3)
            for index in folded.indices {
                let limit = best.map(\.distance) ?? maxDistance
                guard let found = rows.distance(wanted, folded[index], limit: limit) else {
                    continue
                }
                // Among candidates that differ only in case, the one nearest to the typed name
                // wins.
                let tie =
                    rows.distance(exact, names[index], limit: exact.count + names[index].count)
                    ?? Int.max
                if let now = best, (now.distance, now.exact) <= (found, tie) { continue }
                // Every one-letter name is one edit away from every other.
                if found > 0, found >= max(wanted.count, folded[index].count) { continue }
                best = (index, found, tie)
            }
            return best?.index
        }
    }
}

/// The three rows of the distance table in use, reused between lookups.
private struct DistanceRows {
    private var beforeLast: [Int] = []
    private var last: [Int] = []
    private var current: [Int] = []

    /// Fills only the band that can hold a distance of at most `limit`.
    mutating func distance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar], limit: Int) -> Int? {
        guard limit >= 0, abs(a.count - b.count) <= limit else { return nil }
        let tooFar = limit + 1
        if current.count <= b.count {
            beforeLast = [Int](repeating: 0, count: b.count + 1)
            last = beforeLast
            current = beforeLast
        }
        for column in 0...b.count { last[column] = min(column, tooFar) }
        for row in 0..<a.count {
            let lower = max(0, row - limit)
            let upper = min(b.count, row + 1 + limit)
            current[0] = min(row + 1, tooFar)
            if lower > 0 { current[lower] = tooFar }
            var smallest = lower == 0 ? current[0] : tooFar
            for column in lower..<max(lower, upper) {
                var cost = last[column] + (a[row] == b[column] ? 0 : 1)
                cost = min(cost, current[column] + 1, last[column + 1] + 1)
                if row > 0, column > 0, a[row] == b[column - 1], a[row - 1] == b[column] {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current[column + 1] = min(cost, tooFar)
                smallest = min(smallest, cost)
            }
            if upper < b.count { current[upper + 1] = tooFar }
            if smallest > limit { return nil }
            (beforeLast, last, current) = (last, current, beforeLast)
        }
        return last[b.count] <= limit ? last[b.count] : nil
    }
}
