import Execution
import Foundation
import Testing
import TestSupport

/// What `progress.json` of the latest run says, for programs that read it.
struct ProgressFile {
    private let document: [String: Any]

    init(in space: TestSpace) throws {
        let data = Data(space.text(".stepvisor/latest/progress.json").utf8)
        document = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    /// A field of the run.
    func text(_ field: String) -> String? { document[field] as? String }

    /// A list of objects of the run.
    func list(_ field: String) -> [[String: Any]] { document[field] as? [[String: Any]] ?? [] }

    /// What became of a step.
    func step(_ id: String) throws -> [String: Any] {
        try #require(steps.first { $0["step_id"] as? String == id })
    }

    /// The names of a step's events, in order.
    func events(_ id: String) throws -> [String] {
        try eventObjects(id).compactMap { $0["event"] as? String }
    }

    /// What an event of a step says went wrong.
    func error(_ id: String, of event: String) throws -> String? {
        try eventObjects(id).first { $0["event"] as? String == event }?["error"] as? String
    }

    private func eventObjects(_ id: String) throws -> [[String: Any]] {
        try #require(step(id)["events"] as? [[String: Any]])
    }

    private var steps: [[String: Any]] {
        let tasks = document["tasks"] as? [[String: Any]] ?? []
        let phases = tasks.flatMap { $0["phases"] as? [[String: Any]] ?? [] }
        return phases.flatMap { $0["steps"] as? [[String: Any]] ?? [] }
    }
}

extension LatestRun {
    /// The lines of a step's log; of those that begin a section, what they say is begun.
    func logParts(_ id: String) -> [String] {
        log(id).split(separator: "\n").map { line in
            guard line.hasPrefix("--- stepvisor: "), line.hasSuffix("Z ---") else {
                return String(line)
            }
            return line.prefix { $0 != "(" }.dropFirst(15).trimmingCharacters(in: .whitespaces)
        }
    }

    /// What became of all steps that have ended, by their ids.
    var statuses: [String: StepStatus] {
        Dictionary(
            zip(record.header.steps.map(\.id), record.steps.map(\.status)),
            uniquingKeysWith: { first, _ in first })
    }

    /// What was warned of, in order.
    var warnings: [String] {
        events.compactMap { if case .warning(_, let text) = $0.kind { text } else { nil } }
    }
}
