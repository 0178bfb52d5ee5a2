@testable import Platform
@testable import Processes

// A release build with static libraries has no `Testing`, and needs no tests.
#if canImport(Testing)
    import Execution
    import Foundation
    import TestSupport
    import Testing

    import Supervisor

    /// A directory of its own in which scenarios run, and whose processes can be told from all others.
    struct Project: Sendable {
        let root: String
        /// The variable that every process of every step inherits.
        let marker: String

        /// Gives a test a project; afterwards no process of its steps may be left.
        static func with<Value>(
            sourceLocation: SourceLocation = #_sourceLocation,
            _ body: (Project) async throws -> Value
        ) async throws -> Value {
            let project = try Project()
            let result: Result<Value, any Error>
            do {
                result = .success(try await body(project))
            } catch {
                result = .failure(error)
            }
            let left = Processes.carrying(project.marker)
            for process in left { kill(process.pid, SIGKILL) }
            #expect(
                left.isEmpty, "left running: \(left.map { ProcessTable.command(of: $0.pid) })",
                sourceLocation: sourceLocation)
            try? FileManager.default.removeItem(atPath: project.root)
            return try result.get()
        }

        private init() throws {
            let name = "stepvisor-test-\(UUID().uuidString)"
            let path = NSTemporaryDirectory() + name
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            // Steps see the path that the kernel knows.
            root = try #require(
                realpath(path, nil).map { pointer in
                    defer { free(pointer) }
                    return String(cString: pointer)
                })
            marker = "STEPVISOR_TEST_MARKER=\(name)"
        }

        func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws {
            let url = URL(fileURLWithPath: "\(root)/\(name)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
            chmod(url.path, mode)
            if mode & 0o111 != 0 { WrittenProgram.settle(url.path) }
        }

        func makeFifo(_ name: String) { mkfifo("\(root)/\(name)", 0o600) }

        func read(_ name: String) -> String? {
            FileManager.default.contents(atPath: "\(root)/\(name)").map {
                String(decoding: $0, as: UTF8.self)
            }
        }

        func lines(_ name: String) -> [String] {
            (read(name) ?? "").split(separator: "\n").map(String.init)
        }

        /// Runs a scenario in a process of its own, to its end, while another thread acts on it.
        ///
        /// - Parameters:
        ///   - scenario: what is run.
        ///   - ending: how that process has to end.
        ///   - sourceLocation: where a wrong end is reported.
        ///   - conduct: what acts; it has a thread to itself, since a test that waits for another
        ///     process may hold all threads that tasks share.
        /// - Returns: what came of it.
        /// - Throws: when there is nothing to read of it, or what acted on it has failed.
        func run(
            _ scenario: Scenario, ending: ExitTest.Condition = .success,
            sourceLocation: SourceLocation = #_sourceLocation,
            conduct: @escaping @Sendable (Conductor) throws -> Void
        ) async throws -> FinishedRun {
            let conductor = Conductor(project: self)
            conductor.start(conduct)
            let run = try await run(scenario, ending: ending, sourceLocation: sourceLocation)
            try await conductor.finish()
            return run
        }

        /// Runs a scenario in a process of its own, to its end.
        ///
        /// - Parameters:
        ///   - scenario: what is run.
        ///   - name: tells several at a time in one project apart.
        ///   - ending: how that process has to end.
        ///   - sourceLocation: where a wrong end is reported.
        /// - Returns: what came of it.
        /// - Throws: when there is nothing to read of it, or what acted on it has failed.
        func run(
            _ scenario: Scenario, as name: String = "driver", ending: ExitTest.Condition = .success,
            sourceLocation: SourceLocation = #_sourceLocation
        ) async throws -> FinishedRun {
            var scenario = scenario
            scenario.name = name
            let pair = marker.split(separator: "=")
            scenario.surroundings.environment[String(pair[0])] = String(pair[1])
            let root = self.root
            await #expect(processExitsWith: ending, sourceLocation: sourceLocation) {
                [scenario = scenario as Scenario, root = root as String] in
                ScenarioProcess.run(scenario, root: root)
            }
            if let error = read("\(name).error") { throw InvalidScenario(message: error) }
            return try FinishedRun(project: self, name: name)
        }
    }

    /// A run that has ended: what it said, and what it wrote.
    struct FinishedRun {
        let report: ScenarioReport
        let journal: Journal
        let record: RunRecord
        let path: String

        fileprivate init(project: Project, name: String) throws {
            let text = try #require(
                project.read("\(name).report"), "the supervisor did not come to its end")
            report = try JSONDecoder().decode(ScenarioReport.self, from: Data(text.utf8))
            path = "\(project.root)/.stepvisor/runs/\(report.runID)"
            let bytes = try #require(FileManager.default.contents(atPath: "\(path)/events.ndjson"))
            let list = "\(path)/\(StepList.fileName)"
            journal = try JournalReader.read(
                [UInt8](bytes),
                stepList: { FileManager.default.contents(atPath: list).map { [UInt8]($0) } })
            record = journal.record
        }

        /// What became of a step.
        func step(_ id: String) throws -> StepRecord { record.steps[try index(of: id)] }

        /// Why it became so, in words.
        func reason(_ id: String) throws -> String {
            record.reasonText(of: try index(of: id)) ?? ""
        }

        func index(of id: String) throws -> Int {
            try #require(record.header.steps.firstIndex { $0.id == id })
        }

        /// What a step wrote.
        func log(_ id: String) -> String {
            FileManager.default.contents(atPath: "\(path)/logs/\(id).log")
                .map { String(decoding: $0, as: UTF8.self) } ?? ""
        }

        /// The signals that a step's group was sent, in order.
        func signals(_ id: String) throws -> [Int32] {
            let index = try index(of: id)
            return journal.events.compactMap { event in
                switch event.kind {
                case .terminating(step: index, let signal, _): signal
                case .killed(step: index): SIGKILL
                default: nil
                }
            }
        }
    }

    /// The kernel's processes, zombies included.
    enum Processes {
        static func all() -> [ProcessFacts] {
            (DirectoryListing.names(of: "/proc") ?? []).compactMap { name in
                Int32(name).flatMap { ProcessTable.facts(of: $0) }
            }
        }

        /// Those whose environment holds an entry.
        static func carrying(_ entry: String) -> [ProcessFacts] {
            all().filter { process in
                guard let bytes = FileBytes.contents(of: "/proc/\(process.pid)/environ") else {
                    return false
                }
                return bytes.split(separator: 0).contains { $0.elementsEqual(entry.utf8) }
            }
        }
    }
#endif
