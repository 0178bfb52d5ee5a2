import DependencyGraph
import Testing
import TestSupport
import WorkflowModel

@Suite("Inferred edges and conflicts against brute force")
struct GraphPropertyTests {
    private static let texts = [
        "a/x", "a/y", "a/b/x", "a/b/c/z", "b/x", "b/q.md", "x", "y.md", "./a//x",
        "a/*", "a/**", "**/x", "*.md", "b/?", "a/b/", "{a,b}/x", "**/*.md", "[ab]/[x-z]",
    ]

    /// A random step, which can depend only on earlier ones.
    private static func randomStep(_ number: Int, _ random: inout SeededGenerator) -> Step {
        func some(_ most: Int) -> [String] {
            (0..<Int.random(in: 0...most, using: &random)).map { _ in
                let text = texts[Int.random(in: 0..<texts.count, using: &random)]
                // Else everything would be joined to everything.
                return "d\(Int.random(in: 0..<40, using: &random))/" + text
            }
        }
        let dependencies = (0..<Int.random(in: 0...2, using: &random)).compactMap { _ in
            number > 0 ? "s\(Int.random(in: 0..<number, using: &random))" : nil
        }
        return step(
            "s\(number)", after: dependencies, reads: some(2), writes: some(2), modifies: some(1))
    }

    /// Compiles each pattern once: this is the slow way on purpose, not a slow test.
    private struct Patterns {
        private let globs: [String: Glob]

        init(_ steps: [Step]) {
            var globs: [String: Glob] = [:]
            for step in steps {
                for pattern in step.inputs + step.outputFiles + step.modifies {
                    globs[pattern.text] = try? Glob(pattern.text)
                }
            }
            self.globs = globs
        }

        func overlap(_ a: [FilePattern], _ b: [FilePattern]) -> Bool {
            a.contains { one in
                b.contains { other in
                    guard let first = globs[one.text], let second = globs[other.text] else {
                        return false
                    }
                    return first.overlaps(second)
                }
            }
        }
    }

    @Test("200 random steps: edges and conflicts are those of trying every pair", arguments: 0..<12)
    func bruteForce(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var steps = (0..<200).map { Self.randomStep($0, &random) }
        let patterns = Patterns(steps)
        // Inputs that only later steps write would close cycles.
        for reader in steps.indices {
            let later = steps[reader...]
            steps[reader].inputs.removeAll { input in
                later.contains { patterns.overlap([input], $0.outputFiles) }
            }
        }
        var expected = Set<[Int]>()
        for reader in steps.indices {
            for writer in 0..<reader {
                let isRead = patterns.overlap(steps[reader].inputs, steps[writer].outputFiles)
                let isDeclared = steps[reader].dependencies.contains { $0.id == steps[writer].id }
                if isRead, !isDeclared { expected.insert([writer, reader]) }
            }
        }
        let result = WorkflowValidator.resolve(workflow(steps))
        #expect(result.diagnostics == [])
        guard let resolved = result.workflow else { return }
        let found = resolved.inferredEdges.map { [Int($0.dependency), Int($0.dependent)] }
        #expect(Set(found) == expected)
        #expect(found.count == expected.count)
        #expect(
            resolved.conflicts.map { [Int($0.first), Int($0.second)] }
                == Self.conflicts(steps, patterns, resolved.graph))
    }

    /// Every pair with a common file and no path between them.
    private static func conflicts(
        _ steps: [Step], _ patterns: Patterns, _ graph: Graph<StepID>
    ) -> [[Int]] {
        var pairs: [[Int]] = []
        for first in steps.indices {
            let related = graph.ancestors(of: [first])
            let below = graph.descendants(of: [first])
            for second in steps.indices where second > first {
                guard !related.contains(second), !below.contains(second) else { continue }
                let a = steps[first].outputFiles + steps[first].modifies
                let b = steps[second].outputFiles + steps[second].modifies
                if patterns.overlap(a, b) { pairs.append([first, second]) }
            }
        }
        return pairs
    }
}
