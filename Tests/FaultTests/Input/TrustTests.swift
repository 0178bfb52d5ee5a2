import Foundation
import Testing
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Root runs nothing that everybody decides; what some decide is warned of.
@Suite("Who decides what is run", .timeLimit(.minutes(20)))
struct TrustTests {
    private static let isRoot = geteuid() == 0

    private func project() throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"touch ran\"\n")
        return space
    }

    /// Copied by a program of its own: what this process has open for writing, another test's
    /// command may have open too for a moment, and then it cannot be started.
    private func copyProgram(to space: TestSpace) throws {
        #expect(try space.shell("cp \"$STEPVISOR\" stepvisor && chmod 755 stepvisor").code == 0)
    }

    private func steps() throws -> TestSpace {
        let space = try TestSpace()
        try space.step("a.sh", [], "touch ran")
        return space
    }

    @Test(
        "fault 90: root is refused a workflow that all can write, with what to type",
        .enabled(if: isRoot, "only root is refused"),
        arguments: ["chmod 666 workflow.toml", "chmod 777 ."])
    func workflow(change: String) throws {
        let space = try project()
        #expect(try space.shell(change).code == 0)
        let result = try space.run()
        #expect(result.code == 2, "\(result)")
        #expect(result.error.contains("not run as root: "), "\(result)")
        #expect(result.error.contains("everybody may write to"), "\(result)")
        #expect(result.error.contains("chmod go-w"), "\(result)")
        #expect(!space.exists("ran") && !space.exists(".stepvisor"))
    }

    @Test(
        "fault 90: root is warned of what a group or another user decides, as in containers",
        .enabled(if: isRoot, "only root is warned"),
        arguments: [
            ("chmod 664 workflow.toml", "the group 0 may write to"),
            ("chmod 775 .", "the group 0 may write to"),
            ("chown 12345 workflow.toml", "belongs to another user (uid 12345)"),
            ("chown 12345 .", "belongs to another user (uid 12345)"),
        ])
    func someOthers(change: String, reason: String) throws {
        let space = try project()
        #expect(try space.shell(change).code == 0)
        let result = try space.run()
        #expect(result.code == 0, "\(result)")
        #expect(
            result.error.contains("warning: ") && result.error.contains(reason), "\(result)")
        #expect(result.error.contains("chmod go-w") || result.error.contains("chown 0"))
        #expect(space.exists("ran"))
    }

    @Test(
        "fault 90: the same holds for step files and their directory",
        .enabled(if: isRoot, "only root is refused"),
        arguments: ["chmod 777 steps/a.sh", "chmod 777 steps"])
    func stepFiles(change: String) throws {
        let space = try steps()
        #expect(try space.shell(change).code == 0)
        let result = try space.run()
        #expect(result.code == 2, "\(result)")
        #expect(result.error.contains("`steps"), "\(result)")
        #expect(!space.exists("ran"))
    }

    @Test(
        "fault 90: what the message says to type puts it right", .enabled(if: isRoot, "needs root"))
    func advice() throws {
        let space = try project()
        #expect(try space.shell("chmod 666 workflow.toml; chown 12345 workflow.toml").code == 0)
        for code: Int32 in [2, 0] {
            let result = try space.run()
            #expect(result.code == code, "\(result)")
            let parts = result.error.split(separator: "`").map(String.init)
            let command = try #require(parts.first { $0.hasPrefix("ch") }, "\(result)")
            #expect(try space.shell(command).code == 0)
        }
        let fine = try space.run()
        #expect(fine.code == 0 && !fine.error.contains("warning"), "\(fine)")
    }

    @Test(
        "fault 90: a sticky directory above, and a `sudo` caller's files, are fine",
        .enabled(if: isRoot, "needs root"))
    func fine() throws {
        let space = try project()
        #expect(try space.shell("chmod 1777 .").code == 0)
        #expect(try !space.run().error.contains("warning"))
        #expect(try space.shell("chmod 755 .; chown 12345 . workflow.toml").code == 0)
        space.environment = ["SUDO_UID": "12345"]
        let result = try space.run()
        #expect(result.code == 0 && !result.error.contains("warning"), "\(result)")
    }

    @Test(
        "fault 90: who is not root is warned of a workflow that everybody can write",
        .enabled(if: isRoot, "becoming another user takes root"))
    func warned() throws {
        let space = try project()
        let other = "setpriv --reuid=12345 --regid=12345 --clear-groups"
        try copyProgram(to: space)
        #expect(try space.shell("chown -R 12345:12345 .; chmod 666 workflow.toml").code == 0)
        let result = try space.shell("\(other) ./stepvisor run")
        #expect(result.code == 0, "\(result)")
        #expect(
            result.error.contains("warning: everybody may write to `workflow.toml`"), "\(result)")
        #expect(result.error.contains("chmod go-w workflow.toml"), "\(result)")
    }

    @Test(
        "fault 90: another user's project runs when it can be read, but not with that user's state",
        .enabled(if: isRoot, "becoming another user takes root"))
    func othersProject() throws {
        let space = try project()
        let other = "setpriv --reuid=12345 --regid=12345 --clear-groups"
        try copyProgram(to: space)
        #expect(try space.run().code == 0)
        #expect(try space.shell("rm ran; chmod 1777 .").code == 0)
        let result = try space.shell("\(other) ./stepvisor run")
        #expect(result.code == 5, "\(result)")
        #expect(result.error.contains(".stepvisor`: "), "\(result)")
        #expect(!space.exists("ran"))
        #expect(try space.shell("rm -r .stepvisor").code == 0)
        let own = try space.shell("\(other) ./stepvisor run")
        #expect(own.code == 0, "\(own)")
    }

    @Test("fault 90: a setuid stepvisor refuses to work", .enabled(if: isRoot, "needs root"))
    func setuid() throws {
        let space = try project()
        try copyProgram(to: space)
        #expect(try space.shell("chmod 4755 stepvisor; chmod 1777 .").code == 0)
        let result = try space.shell(
            "setpriv --reuid=12345 --regid=12345 --clear-groups ./stepvisor run")
        #expect(result.code == 5, "\(result)")
        #expect(result.error.contains("setuid"), "\(result)")
        #expect(!space.exists("ran"))
    }
}
