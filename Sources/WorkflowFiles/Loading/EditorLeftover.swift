/// Names that editors, merges and package managers give to the copies that they leave behind.
///
/// A copy of a script has the same header and mode, so only its name tells it from a step.
enum EditorLeftover {
    /// Endings of such names, in lower case; systemd and cron ignore them too.
    private static let endings = [
        // Editors, `sed -i.bak`, `patch` and merges.
        ".orig", ".rej", ".bak", ".old", ".save", ".tmp", ".swp", ".swo", ".swn", ".swx",
        ".mine", ".ours", ".theirs", ".kate-swp", "___jb_tmp___", "___jb_old___",
        // Package managers.
        ".rpmnew", ".rpmsave", ".rpmorig", ".rpmmoved", ".pacnew", ".pacsave", ".pacorig",
    ]
    /// Prefixes of the last extension of such names.
    private static let lastParts = [".dpkg-", ".ucf-", ".rpm"]
    /// The sides of a merge, as named by `git mergetool` and Subversion.
    private static let sides: Set<Substring> = ["BASE", "LOCAL", "REMOTE", "BACKUP"]

    /// Whether a file with this name is ignored.
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
                // At most the extension follows the number.
                if !next.isEmpty, isNumber, parts.count - number <= (mark == "." ? 3 : 2) {
                    return true
                }
            }
        }
        return false
    }
}
