import Foundation
import Testing
import TestSupport

@Suite("`stepvisor clean`", .timeLimit(.minutes(20)))
struct CleanTests {
    /// A project with three entries of one block each, the first of them a week old.
    private static func space(_ cache: String = ".stepvisor/cache") throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow("[[steps]]\nid = \"a\"\ncommand = \"true\"\n")
        try space.directory(".stepvisor", mode: 0o700)
        for digit in ["1", "2", "3"] {
            let name = String(repeating: digit, count: 64)
            try space.file("\(cache)/v1-linux-x86_64/\(name.prefix(2))/\(name)", "entry")
        }
        let old = "\(cache)/v1-linux-x86_64/11/\(String(repeating: "1", count: 64))"
        let date = Date(timeIntervalSinceNow: -8 * 86_400)
        try FileManager.default.setAttributes(
            [.modificationDate: date], ofItemAtPath: space.path(old))
        return space
    }

    @Test("it removes what is older, then all, and says how much")
    func all() throws {
        let space = try Self.space()
        let old = try space.run("clean", "--cache", "--older", "7d")
        #expect(old.code == 0, "\(old)")
        #expect(
            old.error
                == "removed 1 entry of the cache (4.0 KiB); left: 2 entries (8.0 KiB)\n")
        let all = try space.run("clean", "--cache", "--json")
        #expect(all.code == 0, "\(all)")
        #expect(
            all.output == "{\"removed_entries\":2,\"removed_bytes\":8192,\"left_entries\":0,"
                + "\"left_bytes\":0}\n")
        #expect(!space.exists(".stepvisor/cache/v1-linux-x86_64"))
        let none = try space.run("clean", "--cache")
        #expect(none.code == 0 && none.error.hasPrefix("removed 0 entries"), "\(none)")
    }

    @Test("it cleans where STEPVISOR_CACHE says, also without any state of the project")
    func elsewhere() throws {
        let space = try Self.space("kept")
        try FileManager.default.removeItem(atPath: space.path(".stepvisor"))
        space.environment["STEPVISOR_CACHE"] = "kept"
        let result = try space.run("clean", "--cache")
        #expect(result.error.hasPrefix("removed 3 entries of the cache (12.0 KiB)"), "\(result)")
        #expect(!space.exists("kept/v1-linux-x86_64") && !space.exists(".stepvisor"))
    }

    @Test("it removes nothing that it was not told to")
    func nothing() throws {
        let space = try Self.space()
        let before = space.tree()
        let result = try space.run("clean")
        #expect(result.code == 2 && result.error.contains("clean --cache"), "\(result)")
        #expect(space.tree() == before)
    }
}
