import Foundation
import Testing
import TestSupport

@Suite(
    "Faults 54 to 56: records are read while they are written, damaged, or of another version",
    .timeLimit(.minutes(20)))
struct RecordFaultTests {
    private static let journal = ".stepvisor/latest/events.ndjson"

    /// A run of three steps, the second of which fails.
    private func finished() throws -> TestSpace {
        let space = try TestSpace()
        try space.workflow(
            """
            [[steps]]
            id = "first"
            command = "echo one"
            [[steps]]
            id = "second"
            command = "exit 7"
            [[steps]]
            id = "third"
            command = "true"
            """)
        #expect(try space.run("-k").code == 1)
        return space
    }

    /// The journal without its check sums, as an earlier stepvisor wrote it.
    private func unseal(_ space: TestSpace, _ change: (String) -> String) throws {
        let bare = space.text(Self.journal).replacingOccurrences(
            of: ",\"crc\":\"[0-9a-f]{8}\"", with: "", options: .regularExpression)
        try space.file(Self.journal, change(bare), mode: 0o600)
    }

    @Test("fault 54: `progress.json` is one whole document whenever it is read")
    func tightLoop() throws {
        let space = try TestSpace()
        // The last step ends when enough was read.
        var workflow = ""
        for number in 0..<200 {
            workflow += "[[steps]]\nid = \"s\(number)\"\ncommand = [\"sleep\", \"0.01\"]\n"
        }
        try space.workflow(
            workflow
                + "[[steps]]\nid = \"end\"\ncommand = \"until [ -e go ]; do sleep 0.01; done\"\n")
        let run = try space.start(["-j4"])
        let path = space.path(".stepvisor/latest/progress.json")
        #expect(TestSpace.wait { FileManager.default.fileExists(atPath: path) })
        var documents: Set<Data> = []
        var reads = 0
        // Read on until the last document, which tells the end.
        let isSeen = TestSpace.wait(seconds: 120) {
            for _ in 0..<50 {
                guard let data = FileManager.default.contents(atPath: path),
                    let document = (try? JSONSerialization.jsonObject(with: data))
                        as? [String: Any]
                else {
                    Issue.record("a broken document was read")
                    return true
                }
                documents.insert(data)
                reads += 1
                if document["status"] as? String == "complete" { return true }
            }
            if reads >= 300 { try? Data().write(to: URL(fileURLWithPath: space.path("go"))) }
            return false
        }
        #expect(isSeen && documents.count >= 2, "\(documents.count) documents, \(reads) reads")
        #expect(run.wait(seconds: 60).code == 0)
    }

    @Test("fault 55: `status`, `timeline` and `logs` keep the good beginning and say what is lost")
    func damaged() throws {
        let space = try finished()
        let whole = try Data(contentsOf: URL(fileURLWithPath: space.path(Self.journal)))
        let newline = UInt8(ascii: "\n")
        let ends = whole.indices.filter { whole[$0] == newline }
        // The line that says how the second step ended, with another exit code.
        var flipped = whole
        let code = try #require(whole.range(of: Data("\"exit_code\":7".utf8)))
        flipped[code.upperBound - 1] ^= 0x01
        let cases: [(Data, String)] = [
            (whole[..<(ends[6] + 20)], "cut off"),
            (whole[...ends[6]] + Data(count: 4096), "4096 zero bytes"),
            (whole[..<(ends[6] + 20)] + Data(count: 512), "512 zero bytes"),
            (flipped, "is damaged"),
        ]
        for (bytes, says) in cases {
            try space.file(Self.journal, Data(bytes), mode: 0o600)
            for command in ["status", "timeline", "logs"] {
                let result = try space.run(command)
                #expect(result.code == 0, "\(command), \(says): \(result)")
                #expect(result.error.contains("warning: journal"), "\(command): \(result)")
                #expect(result.error.contains(says), "\(command): \(result)")
                #expect(result.output.contains("first"), "\(command), \(says): \(result)")
            }
            let status = try space.run("status")
            #expect(status.output.contains("interrupted"), "\(says): \(status)")
            #expect(!status.output.contains("exit code 6"), "\(says): \(status)")
        }
        // And a further run is not held up by any of it.
        #expect(try space.run("--only", "first").code == 0)
    }

    @Test("fault 55: a journal without a whole header is told with its path and harms no other run")
    func noHeader() throws {
        let space = try finished()
        for bytes in [Data(), Data(count: 8192), Data("{\"t\":0".utf8)] {
            try space.file(Self.journal, bytes, mode: 0o600)
            let status = try space.run("status")
            #expect(status.code == 5, "\(status)")
            #expect(status.error.contains("no whole line"), "\(status)")
            #expect(status.error.contains("logs"), "\(status)")
        }
        #expect(try space.run("--only", "first").code == 0)
        #expect(try space.run("status").code == 0)
    }

    @Test("fault 56: a newer or unknown schema is refused with the reason, never misread")
    func otherSchema() throws {
        let space = try finished()
        for (schema, says) in [
            (3, "newer stepvisor"), (99, "newer stepvisor"), (0, "no stepvisor"),
        ] {
            try unseal(space) {
                $0.replacingOccurrences(
                    of: "\"schema\":[0-9]+", with: "\"schema\":\(schema)",
                    options: .regularExpression)
            }
            for command in ["status", "timeline", "logs"] {
                let result = try space.run(command)
                #expect(result.code == 5, "\(command), \(schema): \(result)")
                #expect(result.error.contains("schema \(schema)"), "\(command): \(result)")
                #expect(result.error.contains(says), "\(command): \(result)")
            }
        }
        #expect(try space.run("--only", "first").code == 0, "a new run does not need the old one")
    }

    @Test("fault 56: a journal of an earlier version, and unknown events and members, are read")
    func earlierVersion() throws {
        let space = try finished()
        try unseal(space) { $0 }
        let old = try space.run("status")
        #expect(old.code == 0 && old.output.contains("second"), "\(old)")
        #expect(!old.error.contains("warning"), "\(old)")
        try unseal(space) { text in
            text.replacingOccurrences(of: "{\"t\":", with: "{\"later\":[1,{}],\"t\":")
                + "{\"t\":9.000,\"event\":\"teleported\",\"step\":\"first\"}\n"
        }
        let newer = try space.run("status")
        #expect(newer.code == 0 && newer.output.contains("second"), "\(newer)")
        #expect(newer.error.contains("`teleported`"), "\(newer)")
    }
}
