import Execution
import Platform
import Processes
import StateStore
import Supervisor
import WorkflowFiles
import WorkflowModel

extension WorkflowSnapshots {
    /// The snapshots under `.stepvisor/`, of this program; nil where nobody can tell which that is.
    static var stored: WorkflowSnapshots? {
        guard let program = ProcessEnvironment.ownProgram else { return nil }
        let identity = ProcessEnvironment.identity(of: program)
        guard !identity.isEmpty else { return nil }
        return WorkflowSnapshots(
            program: "\(Program.version) \(identity) \(program)",
            clock: { RunClock.wallTime().microseconds &* 1000 },
            digest: { Digest(of: $0).bytes },
            read: { SnapshotStore.read($0.key, root: $0.root) })
    }
}

extension SnapshotPlace {
    /// Tells the workflows of a project apart.
    fileprivate var key: String { (isDirectory ? "directory " : "file ") + name }
}

extension Project {
    /// Keeps the workflow for the next start, which then does not parse it; the project's lock must be held.
    ///
    /// Nothing is kept that holds the value of a secret. It is only a help: whatever keeps it from being
    /// written makes the next start slower.
    func keepSnapshot(in state: StateDirectory) {
        guard let (place, bytes) = WorkflowSnapshots.stored?.snapshot(of: loaded),
            place.root == root, SecretWarnings.mask.masked(bytes) == bytes
        else { return }
        try? SnapshotStore.write(bytes, as: place.key, in: state)
    }
}
