@testable import Platform
@testable import Processes
@testable import StateStore

// A release build with static libraries has no `Testing`, and needs no tests.
#if canImport(Testing)
    import Execution
    import Foundation
    import SystemCalls

    import Supervisor

    /// What the process that ran a scenario says of itself afterwards.
    struct ScenarioReport: Codable, Sendable {
        var status: String
        var runID: String
        var signal: Int32?
        var problem: String?
        var descriptorsBefore: Int
        var descriptorsAfter: Int
        /// Processes whose parent it still was at the end, zombies included.
        var childrenAfter: Int
    }

    /// The process that runs a scenario: a supervisor takes over the signals and the orphans of its
    /// process, which the process of the tests has to keep.
    enum ScenarioProcess {
        /// Runs a scenario in this process and ends it.
        static func run(_ scenario: Scenario, root: String) {
            // A supervisor that hangs ends by SIGALRM, which no test takes for a success.
            alarm(50)
            do {
                enter(scenario.surroundings)
                ProcessSetup.prepare()
                try supervise(scenario, root: root)
            } catch {
                try? Data("\(error)".utf8).write(
                    to: URL(fileURLWithPath: "\(root)/\(scenario.name).error"))
                exit(70)
            }
        }

        private static func supervise(_ scenario: Scenario, root: String) throws {
            let plan = try scenario.plan()
            let state = try StateDirectory(root: root, create: true)
            var environment = ProcessInfo.processInfo.environment
            environment.merge(scenario.surroundings.environment) { $1 }
            let before = descriptorCount
            try Data("\(getpid())".utf8).write(
                to: URL(fileURLWithPath: "\(root)/\(scenario.name).pid"), options: .atomic)
            var pipe: [Int32] = [-1, -1]
            let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
            let isStalled = scenario.surroundings.hasStalledReader
            if isStalled { _ = stepvisor_pipe(&pipe, 0) }
            let context = RunContext(
                plan: plan, state: state, environment: environment,
                view: SilentView(
                    summary: isStalled ? String(repeating: "summary\n", count: 100_000) : ""),
                viewDescriptor: isStalled ? pipe[1] : null, isTerminal: false, warnings: [])
            let result = try Supervisor(context).run()
            close(null)
            let report = ScenarioReport(
                status: result.status.rawValue, runID: result.runID, signal: result.signal,
                problem: result.problem, descriptorsBefore: before,
                descriptorsAfter: descriptorCount,
                childrenAfter: Processes.all().count { $0.parent == getpid() })
            if scenario.surroundings.fileSizeLimit != nil { lift(RLIMIT_FSIZE) }
            try JSONEncoder().encode(report).write(
                to: URL(fileURLWithPath: "\(root)/\(scenario.name).report"))
            if let signal = result.signal { ProcessSetup.die(by: signal) }
            exit(0)
        }

        private static func enter(_ surroundings: Scenario.Surroundings) {
            for number in surroundings.ignoredSignals { signal(number, SIG_IGN) }
            var mask = sigset_t()
            sigemptyset(&mask)
            for number in surroundings.blockedSignals { sigaddset(&mask, number) }
            pthread_sigmask(SIG_BLOCK, &mask, nil)
            for number in surroundings.closedDescriptors { close(number) }
            for _ in 0..<surroundings.strayDescriptors { _ = open("/dev/zero", O_RDONLY) }
            if let limit = surroundings.openFileLimit { lower(RLIMIT_NOFILE, to: limit) }
            if let limit = surroundings.fileSizeLimit {
                lower(RLIMIT_FSIZE, to: limit)
            }
        }

        private static func lower(_ resource: __rlimit_resource, to value: UInt64) {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
            limit.rlim_cur = rlim_t(value)
            setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        }

        private static func lift(_ resource: __rlimit_resource) {
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        }

        private static var descriptorCount: Int {
            (DirectoryListing.names(of: "/proc/self/fd") ?? []).count
        }
    }

    /// A view that draws nothing before the end.
    struct SilentView: RunView {
        let summary: String

        var frameInterval: Int64? { nil }

        mutating func handle(_ event: RunEvent, record: RunRecord) -> String { "" }

        mutating func frame(
            at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
        ) -> String { "" }

        mutating func finish(
            at now: RunTime, record: RunRecord, surroundings: ViewSurroundings
        ) -> String { summary }
    }
#endif
