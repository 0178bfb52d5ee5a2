import Execution
package import Platform

/// Checks which other users can change what a workflow runs.
public enum ProjectTrust {
    /// Why a file that decides what runs may not have the content its owner intended.
    public struct TrustWarning: Hashable, Sendable {
        /// What is wrong: a clause.
        public var reason: String
        /// What to type.
        public var advice: String
        /// Whether everybody can write there, and not only a group or another owner.
        public var isOpenToAll: Bool
    }

    /// Whether this process runs as root.
    public static var isRoot: Bool { geteuid() == 0 }

    /// Whether this process has the rights of another user or group than its caller.
    public static var hasBorrowedRights: Bool { getuid() != geteuid() || getgid() != getegid() }

    /// The warnings about files and the directories that hold them.
    ///
    /// Directories further up are not checked: when the last one is safe, others can only replace
    /// the whole project.
    public static func doubts(about files: [String]) -> [TrustWarning] {
        var doubts: [TrustWarning] = []
        var seen: Set<String> = []
        for file in files {
            let slash = file.lastIndex(of: "/")
            let parent = slash.map { $0 == file.startIndex ? "/" : String(file[..<$0]) } ?? "."
            for path in [parent, file] where seen.insert(path).inserted {
                var facts = stat()
                guard stat(path, &facts) == 0 else { continue }
                if let doubt = doubt(path, facts) { doubts.append(doubt) }
            }
        }
        return doubts
    }

    private static func doubt(_ path: String, _ facts: stat) -> TrustWarning? {
        let shown = ShellWord.quoted(path)
        let open = facts.st_mode & 0o022
        // In a sticky directory others can add files, but replace none.
        let isSticky = facts.st_mode & S_IFMT == S_IFDIR && facts.st_mode & S_ISVTX != 0
        if open != 0, !isSticky {
            let isOpenToAll = open & 0o002 != 0
            let who = isOpenToAll ? "everybody" : "the group \(facts.st_gid)"
            return TrustWarning(
                reason: "\(who) may write to `\(path)`, and so decide what is run",
                advice: "close it to others: `chmod go-w \(shown)`", isOpenToAll: isOpenToAll)
        }
        guard !isTrusted(facts.st_uid) else { return nil }
        return TrustWarning(
            reason: "`\(path)` belongs to another user (uid \(facts.st_uid)), who decides what is "
                + "run", advice: "make it your own: `chown \(geteuid()) \(shown)`",
            isOpenToAll: false)
    }

    /// Root, this user, and the user who became root with `sudo`, who may run anything anyway.
    package static func isTrusted(_ user: uid_t) -> Bool {
        if user == 0 || user == geteuid() { return true }
        return isRoot && ProcessEnvironment.environment["SUDO_UID"].flatMap { uid_t($0) } == user
    }
}
