import WorkflowModel

@testable import Execution

/// Facts that a test gives.
struct SampleFacts: ConditionFacts {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    var statuses: [String: StepStatus] = [:]
    /// The text of each step's results file.
    var files: [String: String] = [:]
    var changed: Set<String> = []
    var failure: String?
    var leftOut: Set<String> = []

    func isLeftOut(_ step: String) -> Bool { leftOut.contains(step) }

    func status(of step: String) -> StepStatus? { statuses[step] }

    func results(of step: String) throws -> StepResults? {
        try files[step].map { try StepResults.parse(Array($0.utf8)) }
    }

    func changed(_ patterns: [String]) throws -> Bool {
        if let failure { throw Failure(description: failure) }
        return patterns.contains { changed.contains($0) }
    }
}
