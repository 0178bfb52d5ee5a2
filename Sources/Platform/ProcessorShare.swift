/// How many processors the control groups of a process allow, from the kernel's files.
///
/// A container's quota is CPU time per period ("half a processor"), which no processor count shows.
struct ProcessorShare {
    /// Reads a file's text; nil when it does not exist.
    package let read: (String) -> String?

    /// Processors that this process's control groups allow, rounded up; nil without a quota.
    package var limit: Int? {
        guard let membership = read("/proc/self/cgroup"),
            let mounts = read("/proc/self/mountinfo")
        else { return nil }
        let places = Mount.list(mounts)
        return Membership.list(membership).compactMap { group in
            places.filter { $0.holds(group) }.compactMap { quota(of: group, at: $0) }.min()
        }.min()
    }

    /// The smallest quota of the group and its ancestors, as far as the mount shows them.
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

    /// The quota in `cpu.max` (version 2), "QUOTA PERIOD" in microseconds; nil for `max`.
    package static func processors(inMaximum text: String) -> Int? {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let quota = words.first else { return nil }
        return processors(
            quota: String(quota), period: words.count > 1 ? String(words[1]) : "100000")
    }

    /// The quota in `cpu.cfs_quota_us` and `cpu.cfs_period_us` (version 1); nil for a quota of -1.
    package static func processors(quota: String, period: String) -> Int? {
        guard let quota = number(quota), let period = number(period), quota > 0, period > 0 else {
            return nil
        }
        return quota / period + (quota % period == 0 ? 0 : 1)
    }

    private static func number(_ text: String) -> Int? {
        Int(String(text.filter { !$0.isWhitespace }))
    }

    /// A line of `/proc/self/cgroup`: the group of a process in one hierarchy.
    package struct Membership: Equatable {
        /// Whether it is the unified hierarchy of version 2.
        var isUnified: Bool
        /// The components of its path.
        package var names: [String]

        /// The lines that may limit processors.
        package static func list(_ text: String) -> [Membership] {
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

    /// A line of `/proc/self/mountinfo`: where a hierarchy is mounted, and its root there.
    package struct Mount: Equatable {
        var isUnified: Bool
        /// The components of the path of the group that is visible at the mount point.
        package var root: [String]
        var point: String

        /// The mounts of hierarchies that may limit processors.
        package static func list(_ text: String) -> [Mount] {
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

        package func holds(_ group: Membership) -> Bool { isUnified == group.isUnified }

        /// The components from the mount point to a group; none when the group is not below the
        /// mount's root, as in a container that sees its own group there.
        package func path(to group: Membership) -> [String] {
            guard group.names.starts(with: root), !group.names.contains("..") else { return [] }
            return Array(group.names.dropFirst(root.count))
        }

        /// Replaces escapes such as `\040` for a blank.
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
