import Execution
import Foundation
import Testing
import TestSupport

@Suite("A failure is on record with the last line that the step wrote", .timeLimit(.minutes(20)))
struct StepErrorRunTests {
    /// What a step does, and the `error` of its last event.
    struct Claim: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let line: String
        var settings = ""
        let error: String
    }

    static let claims = [
        Claim(
            testDescription: "standard error, with blank lines behind it",
            line: #"echo one; echo 'boom: it broke' >&2; echo; echo '  '; exit 3"#,
            error: "boom: it broke"),
        Claim(
            testDescription: "controls, colours and what is not UTF-8",
            line: #"printf '\033[31mred\033[0m \377\376 bell\a\r\n'; exit 1"#,
            error: "red \u{FFFD}\u{FFFD} bell"),
        Claim(
            testDescription: "a line without an end", line: "printf 'no end'; kill -9 $$",
            error: "no end"),
        Claim(
            testDescription: "a line of any length is bounded",
            line: #"head -c 300000 /dev/zero | tr '\0' x; exit 1"#,
            error: String(repeating: "x", count: 399) + "…"),
        Claim(testDescription: "nothing was written", line: "exit 9", error: "exit code 9"),
        Claim(
            testDescription: "the last attempt wrote nothing, the one before did",
            line: "[ $STEPVISOR_ATTEMPT = 2 ] || echo first; exit 4", settings: "retries = 1",
            error: "exit code 4"),
        Claim(
            testDescription: "a secret", line: "echo token $TOKEN; exit 1", error: "token ***"),
        Claim(
            testDescription: "a limit speaks for itself", line: "echo working; sleep 9",
            settings: "timeout = \"300ms\"", error: "timed out after 300ms (attempt)"),
        Claim(
            testDescription: "so does a missing output", line: "echo fine",
            settings: "output_files = [\"nope\"]",
            error: "exited with 0, but declared output `nope` is missing"),
        Claim(
            testDescription: "so does a check", line: "echo fine",
            settings: "verify = \"echo bad; false\"",
            error: "exited with 0, but `verify` says no: exit code 1"),
    ]

    @Test("the record's events and the journal have it", arguments: claims)
    func error(claim: Claim) throws {
        let space = try TestSpace()
        space.environment = ["TOKEN": "hunter-22-hunter"]
        let step = """
            [[steps]]
            id = "a"
            command = '''\(claim.line)'''
            \(claim.settings)
            """
        try space.workflow("[execution]\nsecrets = [\"TOKEN\"]\n" + step)
        let run = try space.run("run")
        #expect(run.code == 1, "\(run)")
        let document = try JSONSerialization.jsonObject(
            with: Data(space.text(".stepvisor/latest/progress.json").utf8))
        let errors = Self.errors(in: document)
        #expect(errors.last == claim.error, "\(errors)")
        #expect(errors.count >= 2)
        let journal = space.text(".stepvisor/latest/events.ndjson")
        #expect(!journal.contains("hunter") && !journal.contains("\u{1B}"))
        let record = try LatestRun(in: space).step("a")
        // A journal keeps the line; a reason is kept as what it is.
        #expect(record.events.last?.error.map { $0 == claim.error } ?? (record.error == nil))
    }

    /// All `error` members of the steps' events, in order.
    private static func errors(in value: Any) -> [String] {
        if let list = value as? [Any] { return list.flatMap { errors(in: $0) } }
        guard let object = value as? [String: Any] else { return [] }
        if let events = object["events"] as? [[String: Any]], object["step_id"] != nil {
            return events.compactMap { $0["error"] as? String }
        }
        return object.values.flatMap { errors(in: $0) }
    }
}
