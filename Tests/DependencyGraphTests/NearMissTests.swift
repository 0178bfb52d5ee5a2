import DependencyGraph
import Testing
import TestSupport

@Suite("Near misses")
struct NearMissTests {
    private static let keys = [
        "dependencies", "description", "critical", "command", "condition", "id", "a", "Build",
        "parallel_safe", "parallel_group", "timeout", "größe",
    ]

    @Test(
        "what was meant is found, and what was not meant is not",
        arguments: [
            ("dependancies", "dependencies"), ("depnedencies", "dependencies"),
            ("dependency", "dependencies"), ("Critical", "critical"), ("TIMEOUT", "timeout"),
            ("tiemout", "timeout"), ("comand", "command"), ("di", "id"), ("build", "Build"),
            ("paralel_save", "parallel_safe"), ("parallel-group", "parallel_group"),
            ("groesse", nil), ("grösse", "größe"), ("", nil), ("b", nil), ("zz", nil),
            ("retries", nil), ("abc", nil), ("xyz", nil), ("environment", nil),
        ] as [(String, String?)])
    func best(typed: String, meant: String?) {
        #expect(NearMiss.best(for: typed, among: Self.keys) == meant)
    }

    @Test("of equally near names the first wins, but case decides before")
    func ties() {
        #expect(NearMiss.best(for: "step3", among: ["step1", "step2"]) == "step1")
        #expect(NearMiss.best(for: "Step", among: ["step", "Stop", "STEP", "Step"]) == "Step")
        #expect(NearMiss.best(for: "x", among: []) == nil)
    }

    @Test("the banded distance equals the full table")
    func distance() {
        var random = SeededGenerator(seed: 11)
        func word() -> String {
            String(
                (0..<Int.random(in: 0...9, using: &random)).map { _ in
                    "abc".randomElement(using: &random) ?? "a"
                })
        }
        for _ in 0..<3000 {
            let (a, b) = (word(), word())
            let full = fullDistance(Array(a), Array(b))
            for limit in -1...10 {
                let expected = full <= limit ? full : nil
                #expect(
                    NearMiss.distance(from: a, to: b, limit: limit) == expected,
                    "\(a) \(b) \(limit)")
            }
        }
    }

    private func fullDistance(_ a: [Character], _ b: [Character]) -> Int {
        var table = [[Int]](repeating: Array(0...b.count), count: a.count + 1)
        for row in 0...a.count { table[row][0] = row }
        for i in a.indices {
            for j in b.indices {
                var cost = min(
                    table[i][j] + (a[i] == b[j] ? 0 : 1), table[i][j + 1] + 1,
                    table[i + 1][j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    cost = min(cost, table[i - 1][j - 1] + 1)
                }
                table[i + 1][j + 1] = cost
            }
        }
        return table[a.count][b.count]
    }
}
