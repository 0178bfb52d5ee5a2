/// How many processors the control groups of a process leave to it, by the texts of the kernel.
///
/// A container's quota is a time per period ("half a processor"), which no count of processors shows.
struct ProcessorShare {
    /// Reads a file's text; nil where there is none.
    let read: (String) -> String?

    /// Processors that this process's control groups allow, rounded up; nil without a quota.
    var limit: Int? {
        guard let membership = read("/proc/self/cgroup"),
            let mounts = read("/proc/self/mountinfo")
        else { return nil }
        let places = Mount.list(mounts)
        return Membership.list(membership).compactMap { group in
            places.filter { $0.holds(group) }.compactMap { quota(of: group, at: $0) }.min()
        }.min()
    }

    /// The least that the group and those above it, as far as the mount shows them, allow.
    private func quota(of group: Membership, at mount: Mount) -> Int? {
        var names = mount.path(to: group)
        var least: Int?
        while true {
            let directory = ([mount.point] + names).joined(separator: "/")
            if let own = group.isUnified
                ? read("\(directory)/cpu.max").flatMap(ProcessorShare.processors(inMaximum:))
                : ProcessorShare.processors(
                    quota: read("\(directory)/cpu.cfs_quota_us") ?? "",
                    period: read("\(directory)/cpu.cfs_period_us") ?? "")
            {
                least = min(least ?? own, own)
            }
            if names.isEmpty { return least }
            names.removeLast()
        }
    }

    /// What `cpu.max` (version 2) allows, "QUOTA PERIOD" in microseconds; nil for `max`.
    static func processors(inMaximum text: String) -> Int? {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let quota = words.first else { return nil }
        return processors(
            quota: String(quota), period: words.count > 1 ? String(words[1]) : "100000")
    }

    /// What `cpu.cfs_quota_us` and `cpu.cfs_period_us` (version 1) allow; nil for a quota of -1.
    static func processors(quota: String, period: String) -> Int? {
        guard let quota = number(quota), let period = number(period), quota > 0, period > 0 else {
            return nil
        }
        return quota / period + (quota % period == 0 ? 0 : 1)
    }

    private static func number(_ text: String) -> Int? {
        Int(String(text.filter { !$0.isWhitespace }))
    }

    /// A line of `/proc/self/cgroup`: the group that a process is in.
    struct Membership: Equatable {
        /// Whether it is the one tree of version 2.
        var isUnified: Bool
        /// The names on the way to it.
        var names: [String]

        /// The lines that may limit processors.
        static func list(_ text: String) -> [Membership] {
            text.split(separator: "\n").compactMap { line in
                let fields = line.split(
                    separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
                guard fields.count == 3 else { return nil }
                let names = fields[2].split(separator: "/").map(String.init)
                if fields[0] == "0", fields[1].isEmpty {
                    return Membership(isUnified: true, names: names)
                }
                guard fields[1].split(separator: ",").contains("cpu") else { return nil }
                return Membership(isUnified: false, names: names)
            }
        }
    }

    /// A line of `/proc/self/mountinfo`: where a tree of groups can be seen, and from which one on.
    struct Mount: Equatable {
        var isUnified: Bool
        /// The names on the way to the group that is seen at the mount's point.
        var root: [String]
        var point: String

        /// The mounts of control groups that may limit processors.
        static func list(_ text: String) -> [Mount] {
            text.split(separator: "\n").compactMap { line in
                // proc(5): number, parent, device, root, point, options, tags…, "-", type, source,
                // options of the tree.
                let fields = line.split(separator: " ")
                guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3,
                    fields[dash + 1] == "cgroup2" || fields[dash + 1] == "cgroup"
                else { return nil }
                let isUnified = fields[dash + 1] == "cgroup2"
                guard isUnified || fields[dash + 3].split(separator: ",").contains("cpu") else {
                    return nil
                }
                let root = unescaped(fields[3]).split(separator: "/").map(String.init)
                return Mount(isUnified: isUnified, root: root, point: unescaped(fields[4]))
            }
        }

        func holds(_ group: Membership) -> Bool { isUnified == group.isUnified }

        /// The names from the mount's point to a group; none where it does not lie below the point,
        /// as in a container that sees its own group there.
        func path(to group: Membership) -> [String] {
            guard group.names.starts(with: root), !group.names.contains("..") else { return [] }
            return Array(group.names.dropFirst(root.count))
        }

        /// Blanks and the like stand there as `\040`.
        private static func unescaped(_ field: Substring) -> String {
            var bytes: [UInt8] = []
            var rest = Array(field.utf8)[...]
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "\\"), rest.count >= 3,
                    let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
                else {
                    bytes.append(byte)
                    continue
                }
                bytes.append(value)
                rest.removeFirst(3)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
