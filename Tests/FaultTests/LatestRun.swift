import Execution
import Foundation
import Testing
import TestSupport

@testable import Processes
@testable import Supervisor
@testable import SupervisorTestSupport

/// What the latest run in a directory wrote about itself.
struct LatestRun {
    let events: [RunEvent]
    let record: RunRecord
    private let space: TestSpace

    init(in space: TestSpace) throws {
        self.space = space
        let text = space.text(".stepvisor/latest/events.ndjson")
        let journal = try JournalReader.read(
            Array(text.utf8),
            stepList: { Array(space.text(".stepvisor/latest/\(StepList.fileName)").utf8) })
        events = journal.events
        record = journal.record
    }

    /// What became of a step.
    func step(_ id: String) throws -> StepRecord { record.steps[try index(of: id)] }

    /// The signals that a step's group was sent, in order.
    func signals(_ id: String) throws -> [Int32] {
        let index = try index(of: id)
        return events.compactMap { event in
            switch event.kind {
            case .terminating(step: index, let signal, _): signal
            case .killed(step: index): SIGKILL
            default: nil
            }
        }
    }

    /// When something happened first.
    func time(_ holds: (RunEvent.Kind) -> Bool) throws -> RunTime {
        try #require(events.first { holds($0.kind) }).time
    }

    func log(_ id: String) -> String { space.text(".stepvisor/latest/logs/\(id).log") }

    private func index(of id: String) throws -> Int {
        try #require(record.header.steps.firstIndex { $0.id == id })
    }
}

extension TestSpace {
    /// Commands of living processes that were started here, by whomever.
    var living: [String] {
        Processes.carrying("HOME=\(root.path)").filter { !$0.isZombie }
            .map { ProcessTable.command(of: $0.pid) }
    }

    /// Waits until a file has at least so many lines.
    func waitFor(_ name: String, lines count: Int = 1, seconds: Double = 40) -> Bool {
        TestSpace.wait(seconds: seconds) { lines(name).count >= count }
    }

    /// A step of the workflow, to be strung together.
    static func step(_ id: String, _ command: String, _ more: String = "") -> String {
        "[[steps]]\nid = \"\(id)\"\ncommand = '''\(command)'''\n\(more)\n"
    }

    /// Lines of a step that notes each INT, TERM and HUP in `ID.got`, says that it is ready and
    /// goes on until there is a file `finish`.
    static let noting = """
        for name in INT TERM HUP; do trap "echo $name >> $STEPVISOR_STEP.got" $name; done
        echo ready >> ready
        until [ -e finish ]; do sleep 0.02; done
        exit 5
        """

    /// A workflow of two such steps, one that waits for the first, and one for which no slot is free.
    func noting(_ line: String = TestSpace.noting) throws {
        try workflow(
            "[execution]\nmax_parallel_steps = 2\n" + TestSpace.step("a", line)
                + TestSpace.step("b", line)
                + TestSpace.step("later", "touch started", "dependencies = [\"a\"]")
                + TestSpace.step("queued", "touch started"))
    }
}
