import Testing
import TestSupport
import WorkflowModel

@testable import Execution

@Suite("Plan")
struct PlanTests {
    @Test(
        "-j wins over max_parallel_steps, that over the processors; without --parallel it is one",
        arguments: [
            (false, nil, nil, ExecutionMode.sequential, 1), (true, nil, nil, .parallel, 6),
            (true, nil, 3, .parallel, 3), (true, 5, 3, .parallel, 5), (false, 5, nil, .parallel, 5),
            (false, nil, 3, .sequential, 1), (true, 0, nil, .parallel, 1),
        ] as [(Bool, Int?, Int?, ExecutionMode, Int)])
    func limit(
        parallel: Bool, jobs: Int?, declared: Int?, mode: ExecutionMode, limit: Int
    ) throws {
        var builder = PlanBuilder(jobs: jobs)
        builder.step("a")
        builder.options.parallel = parallel
        builder.options.processors = 6
        builder.workflow.execution.maxParallelSteps = declared
        let plan = try builder.plan()
        #expect(plan.mode == mode)
        #expect(plan.limit == limit)
        #expect(plan.notes == [])
    }

    @Test("parallel_enabled = false falls back to sequential, and says so when it was asked for")
    func disabled() throws {
        var builder = PlanBuilder(jobs: 4)
        builder.step("a")
        builder.workflow.execution.isParallelEnabled = false
        #expect(try builder.plan().mode == .sequential)
        #expect(try builder.plan().limit == 1)
        #expect(
            try builder.plan().warnings == ["Parallel execution disabled, using sequential mode"])
        builder.options.jobs = nil
        #expect(try builder.plan().notes == [])
    }

    @Test("a step without a command takes the runner, the command line's first, or is an error")
    func runner() throws {
        var builder = PlanBuilder()
        builder.step("own")
        builder.step("bare") { $0.command = nil }
        let error = try #require(throws: PlanError.self) { try builder.plan() }
        #expect(error.diagnostics.map(\.message) == ["step `bare` has no command"])
        builder.options.skip = [StepID("bare")]
        #expect(try builder.plan().selectedCount == 1)

        builder.options.skip = []
        builder.workflow.execution.runner = .shell("agent")
        #expect(try builder.plan().command(of: 1) == .shell("agent"))
        builder.options.runner = .shell("other")
        #expect(try builder.plan().command(of: 1) == .shell("other"))
        #expect(try builder.plan().command(of: 0) == .arguments(["true"]))
    }

    @Test("a step's own grace wins over --grace, that over [execution], that over 10 s")
    func grace() throws {
        var builder = PlanBuilder()
        builder.step("own") { $0.grace = Milliseconds(1) }
        builder.step("a")
        #expect(try builder.plan().grace(of: 1) == Milliseconds(10_000))
        builder.workflow.execution.grace = Milliseconds(2)
        #expect(try builder.plan().grace(of: 1) == Milliseconds(2))
        builder.options.grace = Milliseconds(3)
        #expect(try builder.plan().grace(of: 1) == Milliseconds(3))
        #expect(try builder.plan().grace(of: 0) == Milliseconds(1))
    }

    @Test("the header numbers phases from 1 within each task")
    func header() throws {
        var builder = PlanBuilder(jobs: 2)
        builder.workflow.tasks = [WorkflowTask(id: "1"), WorkflowTask(id: "2")]
        builder.step("1.1") {
            $0.description = "first"
            $0.outputFiles = [FilePattern("out/*.txt")]
        }
        builder.step("1.2", after: ["1.1"]) { $0.parallelGroup = "late" }
        builder.step("2.1", after: ["1.2"]) { $0.task = 1 }
        builder.step("2.2", after: ["2.1", "1.1"]) {
            $0.task = 1
            $0.isParallelSafe = false
        }
        let header = try builder.plan().header(
            runID: "r1", startedAt: WallTime(microseconds: 5), pid: 7, bootID: "b")
        #expect(
            header
                == RunHeader(
                    runID: "r1", workflow: "test", mode: .parallel, maxParallelSteps: 2,
                    startedAt: WallTime(microseconds: 5), pid: 7, bootID: "b",
                    tasks: [
                        TaskHeader(id: "1", description: ""), TaskHeader(id: "2", description: ""),
                    ],
                    steps: [
                        StepHeader(id: "1.1", description: "first", outputs: ["out/*.txt"]),
                        StepHeader(id: "1.2", phase: 2, parallelGroup: "late", dependencies: [0]),
                        StepHeader(id: "2.1", task: 1, phase: 1, dependencies: [1]),
                        StepHeader(
                            id: "2.2", task: 1, phase: 2, dependencies: [2, 0], runsAlone: true),
                    ]))
    }

    @Test("a resource that is only used counts 1, and one that a step names twice adds up")
    func resources() throws {
        var builder = PlanBuilder()
        builder.workflow.tasks[0].isParallelEnabled = false
        builder.workflow.resources = [ResourceDeclaration("api", capacity: 5, scope: .host)]
        builder.step("a") {
            $0.resources = [ResourceUse("db"), ResourceUse("api", units: 2), ResourceUse("api")]
        }
        let plan = try builder.plan()
        #expect(
            plan.resources == [
                PlannedResource(name: "db", capacity: 1, scope: .project),
                PlannedResource(name: "api", capacity: 5, scope: .host),
                PlannedResource(name: "", capacity: 1, scope: nil),
            ])
        #expect(
            Array(plan.claims(of: 0)) == [
                ResourceClaim(resource: 0, units: 1), ResourceClaim(resource: 1, units: 3),
                ResourceClaim(resource: 2, units: 1),
            ])
    }

    @Test("deadlines come in order, whatever order they were set in")
    func heap() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<50 {
            var heap = Heap<Int>()
            var expected: [Int] = []
            for _ in 0..<random.below(40) {
                let number = random.below(20)
                heap.push(number)
                expected.append(number)
            }
            heap.keep { $0 % 3 != 0 }
            expected.removeAll { $0 % 3 == 0 }
            var popped: [Int] = []
            while let number = heap.popFirst() { popped.append(number) }
            #expect(popped == expected.sorted())
        }
    }

    @Test("a state moves only along the arrows")
    func states() {
        var states = StepStates(count: 1)
        let moves: [(step: Int, to: StepState)] = [
            (0, .running), (0, .ready), (0, .pending), (1, .ready), (-1, .ready), (0, .ended),
        ]
        let wereLegal = moves.map { states.move($0.step, to: $0.to) }
        #expect(wereLegal == [false, true, false, false, false, true])
        #expect(states.count(of: .ready) == 0 && states.count(of: .ended) == 1)
        #expect(StepState.allCases.allSatisfy { !StepState.ended.canBecome($0) })
    }
}
