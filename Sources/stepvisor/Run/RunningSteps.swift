import Execution
import StateStore
import Supervisor

/// The steps that a current run has started and not ended.
enum RunningSteps {
    /// The ids of the running steps, each with its run; empty when no run is active or it cannot be
    /// read.
    static func find(root: String) -> [String: String] {
        guard let state = try? StateDirectory(root: root, create: false),
            let id = state.latestRun(), let run = try? StoredRun(id, in: state),
            let bytes = try? run.journal(),
            let journal = try? JournalReader.read(bytes, stepList: run.stepList),
            StoredRun.isAlive(journal.header)
        else { return [:] }
        let record = journal.record
        guard record.endedAt == nil else { return [:] }
        var running: [String: String] = [:]
        for (step, header) in zip(record.steps, record.header.steps)
        where step.launchedAt != nil && !step.status.isFinal {
            running[header.id] = id
        }
        return running
    }
}
