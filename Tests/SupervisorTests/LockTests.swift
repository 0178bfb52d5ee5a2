import Execution
import Foundation
import Testing
import WorkflowModel

@testable import Platform
@testable import Supervisor
@testable import SupervisorTestSupport

extension Supervision {
    @Suite("Locks")
    struct LockTests {
        /// A resource in the scope, and the environment that keeps the host's locks inside the test.
        private func scenario(_ scope: String, capacity: Int, in project: Project) -> Scenario {
            var scenario = Scenario()
            scenario.jobs = 8
            scenario.resources = [.init(name: "api", capacity: capacity, scope: scope)]
            scenario.surroundings.environment = ["XDG_STATE_HOME": "\(project.root)/state"]
            return scenario
        }

        @Test(
            "who finds a resource taken waits, and says for whom", arguments: ["project", "host"])
        func holder(scope: String) async throws {
            try await Project.with { project in
                var scenario = scenario(scope, capacity: 2, in: project)
                scenario.shell("gate", "until [ -e taken ]; do sleep 0.01; done")
                scenario.shell("waiter", "echo next >> log", after: ["gate"]) {
                    $0.resources = ["api": 2]
                }
                scenario.shell("free", "echo free >> log")
                let request = LockRequest(
                    name: "api", units: 1, capacity: 2,
                    scope: try #require(ResourceScope(rawValue: scope)))
                let environment = scenario.surroundings.environment
                let run = try await project.run(scenario) { conductor in
                    let locks = ResourceLocks(
                        root: project.root, environment: environment, runID: "other-run")
                    guard
                        case .acquired(let held) = try locks.tryAcquire(
                            [request], step: "holder", since: "long ago")
                    else {
                        Issue.record("nobody else can have it")
                        return
                    }
                    try project.write("taken", "")
                    try conductor.waitForJournal(toHold: "\"waiting\"")
                    try conductor.wait(for: "log")
                    try project.write("log", "free\nreleased\n")
                    withExtendedLifetime(held) {}
                }
                #expect(project.lines("log") == ["free", "released", "next"])
                let holders = run.journal.events.compactMap { event -> LockHolder? in
                    if case .waiting(_, let holder) = event.kind { holder } else { nil }
                }
                #expect(
                    holders == [
                        LockHolder(
                            resource: "api", pid: getpid(), runID: "other-run", step: "holder",
                            since: "long ago")
                    ])
                let lock = "\(scope == "host" ? "state/stepvisor" : ".stepvisor")/locks/api.0"
                #expect(project.read(lock) != nil)
            }
        }

        @Test(
            "two runs together never have more inside than there are units",
            arguments: [("project", 1), ("project", 2), ("host", 2)])
        func exclusion(scope: String, capacity: Int) async throws {
            try await Project.with { project in
                var work = scenario(scope, capacity: capacity, in: project)
                for number in 0..<12 {
                    work.shell("s\(number)", "echo in >> log; sleep 0.01; echo out >> log") {
                        $0.resources = ["api": 1]
                    }
                }
                async let a = project.run(work, as: "a")
                async let b = project.run(work, as: "b")
                let runs = [try await a, try await b]
                #expect(runs.allSatisfy { $0.report.status == "complete" })
                var (inside, most) = (0, 0)
                for line in project.lines("log") {
                    inside += line == "in" ? 1 : -1
                    most = max(most, inside)
                }
                #expect(project.lines("log").count == 48)
                #expect(most == capacity)
            }
        }

        @Test("a step takes all its units or none")
        func allOrNone() async throws {
            try await Project.with { project in
                let locks = ResourceLocks(root: project.root, environment: [:], runID: "r")
                func request(_ name: String, _ units: Int = 1) -> LockRequest {
                    LockRequest(name: name, units: units, capacity: 2, scope: .project)
                }
                func take(_ requests: [LockRequest]) throws -> HeldLocks? {
                    switch try locks.tryAcquire(requests, step: "s", since: "now") {
                    case .acquired(let held): held
                    case .busy: nil
                    }
                }
                let one = try #require(try take([request("b")]))
                #expect(try take([request("a", 2), request("b", 2)]) == nil)
                // The failed attempt has given back both of `a`.
                let both = try #require(try take([request("a", 2), request("b")]))
                #expect(try take([request("a")]) == nil)
                #expect(try take([request("b")]) == nil)
                withExtendedLifetime((one, both)) {}
            }
        }

        @Test("a link in the place of the locks, or of one, is not followed")
        func links() async throws {
            try await Project.with { project in
                let locks = ResourceLocks(root: project.root, environment: [:], runID: nil)
                let request = LockRequest(name: "a", units: 1, capacity: 1, scope: .project)
                try project.write("elsewhere/a.0", "precious")
                mkdir("\(project.root)/.stepvisor", 0o700)
                symlink("../elsewhere", "\(project.root)/.stepvisor/locks")
                #expect(throws: SystemError.self) {
                    try locks.tryAcquire([request], step: nil, since: "")
                }
                unlink("\(project.root)/.stepvisor/locks")
                mkdir("\(project.root)/.stepvisor/locks", 0o700)
                symlink("../../elsewhere/a.0", "\(project.root)/.stepvisor/locks/a.0")
                #expect(throws: SystemError.self) {
                    try locks.tryAcquire([request], step: nil, since: "")
                }
                #expect(project.read("elsewhere/a.0") == "precious")
            }
        }
    }
}
