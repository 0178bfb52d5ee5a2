/// Names that editors, merges and package managers give to the copies that they leave behind.
///
/// A copy of a script has its header and its rights, so only its name tells it from a step.
enum EditorLeftover {
    /// What such a name ends with, as systemd and cron pass them over too; in lower case.
    private static let endings = [
        // Editors, `sed -i.bak`, `patch` and merges.
        ".orig", ".rej", ".bak", ".old", ".save", ".tmp", ".swp", ".swo", ".swn", ".swx",
        ".mine", ".ours", ".theirs", ".kate-swp", "___jb_tmp___", "___jb_old___",
        // Package managers.
        ".rpmnew", ".rpmsave", ".rpmorig", ".rpmmoved", ".pacnew", ".pacsave", ".pacorig",
    ]
    /// What the last part of such a name begins with.
    private static let lastParts = [".dpkg-", ".ucf-", ".rpm"]
    /// The sides of a merge, as `git mergetool` and Subversion write them.
    private static let sides: Set<Substring> = ["BASE", "LOCAL", "REMOTE", "BACKUP"]

    /// Whether a file of this name is passed over.
    static func isNamed(_ name: String) -> Bool {
        if name.hasPrefix(".") || name.hasSuffix("~") { return true }
        if name.hasPrefix("#"), name.hasSuffix("#"), name.utf8.count > 1 { return true }
        let folded = withoutNumber(name.lowercased()[...])
        if endings.contains(where: { folded.hasSuffix($0) && folded.utf8.count > $0.utf8.count }) {
            return true
        }
        if let dot = folded.lastIndex(of: "."), dot > folded.startIndex,
            lastParts.contains(where: { folded[dot...].hasPrefix($0) })
        {
            return true
        }
        return isSideOfMerge(name)
    }

    /// `deploy.sh.save.1`, `deploy.sh.~1~`: numbered copies.
    private static func withoutNumber(_ name: Substring) -> Substring {
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return name }
        let number = name[name.index(after: dot)...]
        return !number.isEmpty && number.allSatisfy({ $0.isASCII && $0.isNumber })
            ? name[..<dot] : name
    }

    /// `deploy.BASE.1234.sh`, `deploy_LOCAL_1234.sh`, `deploy.sh.REMOTE.1234`.
    private static func isSideOfMerge(_ name: String) -> Bool {
        for mark in [Character("."), "_"] {
            let parts = name.split(separator: mark, omittingEmptySubsequences: false)
            for (number, part) in parts.enumerated().dropFirst()
            where sides.contains(part) && number + 1 < parts.count {
                let next = parts[number + 1].prefix { $0 != "." }
                let isNumber = next.allSatisfy { $0.isASCII && $0.isNumber }
                // Behind the number there is at most the extension.
                if !next.isEmpty, isNumber, parts.count - number <= (mark == "." ? 3 : 2) {
                    return true
                }
            }
        }
        return false
    }
}
