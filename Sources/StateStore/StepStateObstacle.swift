import Execution
import Platform

/// What keeps that from being read and written which is known of steps.
extension StepStateLog {
    /// A name for a directory: that of the workflow's file, or a digest where it is a strange one.
    package static func key(of workflow: String) -> String {
        let name = workflow.split(separator: "/").last.map(String.init) ?? "workflow"
        let isPlain = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, name.utf8.count <= 64, !name.hasPrefix(".") else {
            return "w-" + Digest(of: Array(name.utf8)).text.prefix(32)
        }
        return name
    }

    /// The first thing on the way to the file that is not what it should be, with what to type.
    func findObstacle(in state: StateDirectory) -> SystemError? {
        var path = ""
        for name in [StepStateLog.folder, key, StepStateLog.name] {
            path += path.isEmpty ? name : "/\(name)"
            var facts = stat()
            guard fstatat(state.descriptor, path, &facts, AT_SYMLINK_NOFOLLOW) == 0 else {
                return errno == ENOENT ? nil : refusal(path, SystemError.text(of: errno))
            }
            let wanted = name == StepStateLog.name ? S_IFREG : S_IFDIR
            if facts.st_mode & S_IFMT != wanted {
                return refusal(path, StepStateLog.clause(about: facts.st_mode & S_IFMT))
            }
            if facts.st_uid != geteuid() {
                return refusal(path, "it belongs to another user (uid \(facts.st_uid))")
            }
        }
        // A file of this user that cannot be read is replaced.
        return nil
    }

    private func refusal(_ path: String, _ reason: String) -> SystemError {
        let folder = "\(StateDirectory.name)/\(StepStateLog.folder)"
        return SystemError(
            refusing: "\(StateDirectory.name)/\(path)", because: reason,
            advice:
                "what is known of steps is kept there: `rm -r \(folder)`, and every step runs once")
    }

    private static func clause(about kind: mode_t) -> String {
        switch kind {
        case S_IFLNK: "it is a link"
        case S_IFDIR: "it is a directory"
        case S_IFREG: "it is a file, and no directory"
        default: "it is no regular file"
        }
    }
}
