import Supervisor
import WorkflowFiles
import WorkflowModel

/// Refuses to run as root what others could have written, and warns everybody else of it.
struct TrustGate {
    private let console: Console

    init(_ console: Console) { self.console = console }

    /// Looks at the files that were loaded and the directories that hold them.
    ///
    /// - Throws: ``CommandFailure`` with exit 2 when root would run what somebody else can change.
    func check(_ loaded: LoadedWorkflow) throws {
        let doubts = ProjectTrust.doubts(about: loaded.files.files.map(\.path))
        if ProjectTrust.isRoot {
            guard let doubt = doubts.first else { return }
            throw CommandFailure(
                .usage, "not run as root: \(doubt.reason)",
                help: "\(doubt.advice), or run it as a user of its own")
        }
        for doubt in doubts where doubt.isOpenToAll {
            console.note("warning: \(doubt.reason); \(doubt.advice)")
        }
    }

    /// Refuses to work with more rights than the caller has.
    ///
    /// - Throws: ``CommandFailure`` with exit 5 when this program was given another user's rights.
    static func refuseBorrowedRights() throws {
        guard ProjectTrust.hasBorrowedRights else { return }
        throw CommandFailure(
            .ownTrouble,
            "stepvisor is installed setuid or setgid: every caller would get its rights",
            help: "take them away: `chmod ug-s` on the program")
    }
}
