import Testing

@testable import Platform

@Suite("Processors that control groups leave to a process")
struct ProcessorShareTests {
    private static let unified = """
        23 1 0:21 / /proc rw,nosuid - proc proc rw
        31 23 0:27 / /sys/fs/cgroup rw,nosuid,nodev shared:9 - cgroup2 cgroup2 rw,nsdelegate
        """
    private static let separate = """
        31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
        32 31 0:29 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
        33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:3 - cgroup cgroup rw,cpu,cpuacct
        """

    private func limit(_ files: [String: String]) -> Int? { ProcessorShare { files[$0] }.limit }

    @Test(
        "a maximum of version 2 is rounded up, and `max` is none",
        arguments: [
            ("max 100000\n", nil), ("50000 100000\n", 1), ("100000 100000", 1),
            ("150000 100000", 2), ("400001 100000\n", 5), ("250000\n", 3), ("1 1000000", 1),
            ("", nil), ("0 100000", nil), ("-5 100000", nil), ("100 0", nil), ("many few", nil),
            ("99999999999999999999 1", nil),
        ] as [(String, Int?)])
    func maximum(text: String, processors: Int?) {
        #expect(ProcessorShare.processors(inMaximum: text) == processors)
    }

    @Test(
        "a quota of version 1 is rounded up, and -1 is none",
        arguments: [
            ("-1\n", "100000\n", nil), ("50000\n", "100000\n", 1), ("300000", "100000", 3),
            ("300001", "100000", 4), ("200000", "", nil), ("", "100000", nil),
        ] as [(String, String, Int?)])
    func quota(quota: String, period: String, processors: Int?) {
        #expect(ProcessorShare.processors(quota: quota, period: period) == processors)
    }

    @Test("the least of a group and of all above it counts")
    func ancestors() {
        var files = [
            "/proc/self/cgroup": "0::/user.slice/job\n", "/proc/self/mountinfo": Self.unified,
            "/sys/fs/cgroup/user.slice/job/cpu.max": "max 100000",
            "/sys/fs/cgroup/user.slice/cpu.max": "300000 100000",
        ]
        #expect(limit(files) == 3)
        files["/sys/fs/cgroup/user.slice/job/cpu.max"] = "150000 100000"
        #expect(limit(files) == 2)
        // The topmost group has none, but a container's has.
        files["/sys/fs/cgroup/cpu.max"] = "100000 100000"
        #expect(limit(files) == 1)
        files = files.filter { !$0.key.hasSuffix("cpu.max") }
        #expect(limit(files) == nil)
    }

    @Test("version 1, with cpu beside others on one mount, and version 2 beside it")
    func separate() {
        let files = [
            "/proc/self/cgroup":
                "11:cpuset:/\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/x\n0::/y\n",
            "/proc/self/mountinfo": Self.separate + "\n" + Self.unified,
            "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us": "250000\n",
            "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us": "100000\n",
            "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
            "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        ]
        #expect(limit(files) == 3)
    }

    @Test(
        "in a container the mount shows the own group at its point",
        arguments: ["/docker/abc", "/", "/../.."])
    func container(group: String) {
        let files = [
            "/proc/self/cgroup": "4:cpu:\(group)\n",
            "/proc/self/mountinfo":
                "33 31 0:30 /docker/abc /sys/fs/my\\040cpu ro - cgroup cgroup rw,cpu\n",
            "/sys/fs/my cpu/cpu.cfs_quota_us": "150000\n",
            "/sys/fs/my cpu/cpu.cfs_period_us": "100000\n",
        ]
        #expect(limit(files) == 2)
    }

    @Test(
        "texts that say nothing, or are no such texts, limit nothing",
        arguments: ["", "\n:\n::\n0\n", "0::/", "4:cpu:/a", "\u{0}"],
        ["", "1 2 3\n", "a b c / / - cgroup2\n", "33 31 0:30 / /x - cgroup2 c rw\n-"])
    func nothing(membership: String, mounts: String) {
        #expect(limit(["/proc/self/cgroup": membership, "/proc/self/mountinfo": mounts]) == nil)
        #expect(limit([:]) == nil)
    }

    @Test("steps at once under a limit of descriptors: fewer under a low one, at least one")
    func descriptors() {
        #expect(DescriptorBudget.maxSteps(under: nil) == .max)
        #expect(DescriptorBudget.maxSteps(under: 0) == 1)
        #expect(DescriptorBudget.maxSteps(under: 36) == 1)
        #expect(DescriptorBudget.maxSteps(under: 64) == 5)
        #expect(DescriptorBudget.maxSteps(under: 1024) == 165)
    }
}
