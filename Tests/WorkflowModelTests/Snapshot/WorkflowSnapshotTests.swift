import DependencyGraph
import TestSupport
import Testing
import WorkflowModel

@Suite("A valid workflow as bytes, and back", .timeLimit(.minutes(20)))
struct WorkflowSnapshotTests {
    private static let seeds = UInt64(0)..<200

    private func read(_ bytes: [UInt8]) throws(DamagedBytes) -> ResolvedWorkflow {
        var result = Result<ResolvedWorkflow, DamagedBytes>.failure(DamagedBytes())
        bytes.withUnsafeBytes { buffer in
            result = Result { () throws(DamagedBytes) in try ResolvedWorkflow(snapshot: buffer) }
        }
        return try result.get()
    }

    @Test("random workflows are read back with everything in them")
    func roundTrip() throws {
        var reflection = Reflection()
        for seed in Self.seeds {
            var random = RandomWorkflow(seed: seed)
            let workflow = random.make()
            let other = try read(workflow.snapshot)
            #expect(
                reflection.text(of: other) == reflection.text(of: workflow), "seed \(seed)")
        }
    }

    /// A property that is added later fails here until ``RandomWorkflow`` sets it, and then in
    /// `roundTrip` until the snapshot holds it.
    @Test("the random workflows give every stored property different values")
    func coverage() {
        var reflection = Reflection()
        for seed in Self.seeds {
            var random = RandomWorkflow(seed: seed)
            _ = reflection.text(of: random.make())
        }
        let constant = reflection.seen.filter { $0.value.count < 2 }.keys.sorted()
        #expect(constant == [])
        for name in ["Step.inputs", "Limits.grace", "Gating.tools", "AcyclicStructure.order"] {
            #expect(reflection.seen[name] != nil, "\(name): \(reflection.seen.keys.sorted())")
        }
    }

    @Test("what the checks found is read back, and the graph is the same")
    func resolvedWorkflow() throws {
        let steps = [
            step("a", writes: ["out/a"]), step("b", reads: ["out/a"], writes: ["out/b"]),
            step("c", after: ["a"], modifies: ["out/b"]),
            step("d", after: ["a"], condition: "steps.b.status == 'complete'"),
        ]
        let resolved = try #require(WorkflowValidator.resolve(workflow(steps)).workflow)
        let other = try read(resolved.snapshot)
        #expect(other.graph.topologicalOrder() == resolved.graph.topologicalOrder())
        #expect(other.graph.nodes == resolved.graph.nodes)
        #expect(other.graph.index(of: StepID("c")) == 2)
        #expect(Array(other.graph.dependents(of: 0)) == Array(resolved.graph.dependents(of: 0)))
        #expect(other.inferredEdges == resolved.inferredEdges)
        #expect(other.conflicts == resolved.conflicts)
        #expect(other.looseReads == resolved.looseReads)
        #expect(other.conditions == resolved.conditions)
        #expect(other.workflow.steps == resolved.workflow.steps)
    }

    @Test("each text stands there once")
    func texts() throws {
        func size(_ count: Int) throws -> Int {
            let path = String(repeating: "long/", count: 40)
            let steps = (0..<count).map { step("s\($0)", reads: [path]) }
            return try #require(WorkflowValidator.resolve(workflow(steps)).workflow).snapshot.count
        }
        #expect(try size(11) - size(1) < 600)
    }

    @Test("no byte that is flipped, and no cut, makes it crash or gives a graph with cycles")
    func damage() throws {
        var random = RandomWorkflow(seed: 7)
        let whole = random.make().snapshot
        func judge(_ bytes: [UInt8]) {
            guard let found = try? read(bytes) else { return }
            #expect(found.graph.topologicalOrder().count == found.workflow.steps.count)
            #expect(
                found.workflow.steps.allSatisfy { found.workflow.tasks.indices.contains($0.task) })
        }
        for place in whole.indices {
            for mask: UInt8 in [0x01, 0x80, 0xff] {
                var bytes = whole
                bytes[place] ^= mask
                judge(bytes)
            }
            #expect(throws: DamagedBytes.self) { try read(Array(whole[..<place])) }
        }
        #expect(throws: DamagedBytes.self) { try read(whole + [0]) }
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<500 { judge(generator.hostileBytes()) }
    }

    @Test("a checksum tells any byte that is flipped")
    func checksum() {
        let bytes = (0..<200).map { UInt8(truncatingIfNeeded: $0 * 7) }
        let sum = RecordChecksum.of(bytes[...])
        for place in bytes.indices {
            for bit in 0..<8 {
                var other = bytes
                other[place] ^= 1 << UInt8(bit)
                #expect(RecordChecksum.of(other[...]) != sum)
            }
        }
        #expect(RecordChecksum.of(bytes.dropLast()) != sum)
    }
}
