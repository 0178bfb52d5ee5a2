import DependencyGraph
import Execution
import Foundation
import Testing
import TestSupport
import WorkflowModel

@testable import Platform
@testable import StateStore
@testable import Supervisor
@testable import SupervisorTestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(
    "A step is marked as not done before its kept outputs are put in place",
    .timeLimit(.minutes(20)))
struct CacheMarkTests {
    /// Runs the one step of these tests with its cache, in a process of its own.
    private enum Run {
        private static let environment = ["PATH": "/usr/bin:/bin"]

        private static func plan() throws -> RunPlan {
            var step = Step(id: StepID("make"))
            step.command = .shell("mkdir -p out; cp in out/a; cp in out/b; echo ran >> ran")
            step.inputs = [FilePattern("in")]
            step.outputFiles = [FilePattern("out/a"), FilePattern("out/b")]
            var workflow = Workflow(name: "mark")
            workflow.tasks = [WorkflowTask(id: "")]
            workflow.steps = [step]
            let (resolved, diagnostics) = WorkflowValidator.resolve(workflow)
            guard let resolved else { throw InvalidScenario(message: "\(diagnostics)") }
            return try RunPlan.make(resolved: resolved, options: RunOptions())
        }

        private static func look(_ plan: RunPlan, _ state: StateDirectory) -> UpToDateChecker {
            UpToDateChecker(
                plan: plan, state: state, root: state.root, workflow: "", environment: environment)
        }

        /// Why the step would run now; nil where it is up to date.
        static func causes(in root: String) throws -> [RunReason.Kind]? {
            let state = try StateDirectory(root: root, create: false)
            var look = look(try plan(), state)
            if case .due(let causes) = look.freshness(of: 0) { return causes.map(\.kind) }
            return nil
        }

        /// Runs it, and dies before this file of its kept outputs gets its name.
        static func run(in root: String, dyingAt victim: Int? = nil) throws {
            alarm(50)
            ProcessSetup.prepare()
            let state = try StateDirectory(root: root, create: true)
            var plan = try plan()
            var look = look(plan, state)
            plan.adopt(
                .decide(
                    .remembered, graph: plan.resolved.graph, selected: plan.selected,
                    usesCache: true
                ) { look.checkBeforeRun(of: $0) })
            look.endCheckBeforeRun()
            let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
            var context = RunContext(
                plan: plan, state: state, environment: environment, view: SilentView(summary: ""),
                viewDescriptor: null, isTerminal: false, warnings: [])
            context.freshness = look
            context.beforePlacing = { if $0 == victim { raise(SIGKILL) } }
            guard try Supervisor(context).run().status == .complete else { exit(70) }
            exit(0)
        }
    }

    /// A project in which the step was made from `one`, and last from `two`.
    private func project() async throws -> TestSpace {
        let space = try TestSpace()
        for text in ["one", "two"] {
            try space.file("in", text)
            await #expect(processExitsWith: .success) { [root = space.root.path as String] in
                try Run.run(in: root)
            }
        }
        #expect(space.lines("ran").count == 2)
        #expect(try Run.causes(in: space.root.path) == nil)
        return space
    }

    @Test("a kill between two outputs, or before the first, does not leave it up to date")
    func killed() async throws {
        for victim in 0..<2 {
            let space = try await project()
            try space.file("in", "one")
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [root = space.root.path as String, victim = victim as Int] in
                try Run.run(in: root, dyingAt: victim)
            }
            #expect(space.text("out/a") == (victim == 0 ? "two" : "one"))
            #expect(space.text("out/b") == "two")
            #expect(try Run.causes(in: space.root.path) == [.interrupted])
            // Not even where everything looks as its last success has left it.
            try space.file("in", "two").file("out/a", "two").file("out/b", "two")
            #expect(try Run.causes(in: space.root.path) == [.interrupted])
            // The next run puts right what the kill has left, without running it.
            try space.file("in", "one")
            await #expect(processExitsWith: .success) { [root = space.root.path as String] in
                try Run.run(in: root)
            }
            #expect(space.text("out/a") == "one" && space.text("out/b") == "one")
            #expect(space.lines("ran").count == 2)
            #expect(try Run.causes(in: space.root.path) == nil)
        }
    }
}
