import Foundation
import Testing
import TestSupport

extension TestSpace {
    /// A chain of three steps, each of which says in `ran` that it ran: `gen` makes `made` from
    /// `source`, `use` makes `used` from that, `free` says nothing of what it reads.
    func chain(_ more: String = "") throws {
        try workflow(
            TestSpace.step(
                "gen", "cut -c1-3 source > made; echo gen >> ran; echo gen wrote",
                "inputs = [\"source\"]\noutput_files = [\"made\"]")
                + TestSpace.step(
                    "use", "cat made > used; echo use >> ran; echo use wrote",
                    "inputs = [\"made\", \"docs/*.md\"]\noutput_files = [\"used\"]") + more)
        try file("source", "abc one\n")
        try file("docs/a.md", "a\n")
    }

    /// What ran since this was asked last.
    func ranSince() throws -> [String] {
        defer { _ = try? file("ran", "") }
        return lines("ran")
    }

    /// The id of the latest run.
    var latestRunID: String {
        let link = try? FileManager.default.destinationOfSymbolicLink(
            atPath: path(".stepvisor/latest"))
        return link?.split(separator: "/").last.map(String.init) ?? ""
    }

    /// What a command printed as JSON.
    func object(_ arguments: String...) throws -> [String: Any] {
        let result = try start(arguments).wait(seconds: 30)
        return try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any],
            "\(result)")
    }
}
