import FileState
import Supervisor
import WorkflowFiles
import WorkflowModel

/// Refuses to run as root what everybody could have written, and warns about what some users could.
///
/// A container that runs as root on a checkout of another user is common, and not refused.
struct TrustGate {
    private let console: Console

    init(_ console: Console) { self.console = console }

    /// Checks the loaded files and the directories that hold them.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when root would run what everybody can change.
    func check(_ loaded: LoadedWorkflow) throws {
        for doubt in ProjectTrust.doubts(about: loaded.files.files.map(\.path)) {
            if doubt.isOpenToAll, ProjectTrust.isRoot {
                throw CommandFailure(
                    .usage, "not run as root: \(doubt.reason)",
                    help: "\(doubt.advice), or run it as a user of its own")
            }
            guard doubt.isOpenToAll || ProjectTrust.isRoot else { continue }
            console.note("warning: \(doubt.reason); \(doubt.advice)")
        }
    }

    /// Refuses to run with more rights than the caller has.
    ///
    /// - Throws: ``CommandFailure`` with exit 5 when this program is set-user-ID or set-group-ID.
    static func refuseBorrowedRights() throws {
        guard ProjectTrust.hasBorrowedRights else { return }
        throw CommandFailure(
            .ownProblem,
            "stepvisor is installed setuid or setgid: every caller would get its rights",
            help: "take them away: `chmod ug-s` on the program")
    }
}
