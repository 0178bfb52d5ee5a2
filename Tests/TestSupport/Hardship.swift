import Foundation

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Circumstances that a test needs the system's leave for.
public enum Hardship {
    /// Whether file permissions bind what ``TestSpace/shellBoundByPermissions(_:)`` runs.
    public static let permissionsBind: Bool = succeeds(boundByPermissions)

    /// Whether ``TestSpace/shellWithMounts(_:)`` may mount file systems.
    public static let canMount: Bool = succeeds(
        withMounts, "mount -t tmpfs -o size=16k none /mnt && mount -o remount,ro /mnt")

    /// Root is not stopped by permissions, unless it gives up just that right.
    static let boundByPermissions: [String] =
        geteuid() == 0
        ? ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"] : ["env"]

    /// What is mounted is seen by one command only, and goes with it.
    static let withMounts: [String] =
        geteuid() == 0 ? ["unshare", "--mount"] : ["unshare", "--mount", "--map-root-user"]

    private static func succeeds(_ words: [String], _ line: String = "true") -> Bool {
        let space = try? TestSpace()
        let command = try? space?.start(
            program: "/usr/bin/env", words + ["/bin/sh", "-c", line])
        return command?.wait().code == 0
    }
}

extension TestSpace {
    /// Runs a line of shell that file permissions bind, even if root runs the tests.
    public func shellBoundByPermissions(_ line: String) throws -> CommandResult {
        try start(program: "/usr/bin/env", Hardship.boundByPermissions + ["/bin/sh", "-c", line])
            .wait()
    }

    /// Runs a line of shell that may mount file systems, which nothing else sees.
    public func shellWithMounts(_ line: String) throws -> CommandResult {
        try start(program: "/usr/bin/env", Hardship.withMounts + ["/bin/sh", "-c", line]).wait()
    }
}
