import Execution
import Foundation
import Testing
import TestSupport
import WorkflowModel

@Suite("Secrets are found in every spelling")
struct SecretMaskTests {
    private static let value = "s3cr3t/va+lue'x\"y z"

    private func mask(_ values: String...) -> SecretMask {
        SecretMask(values: values.map { Array($0.utf8) })
    }

    @Test("a value is masked, and what stands around it stays")
    func plain() {
        let mask = mask(Self.value)
        #expect(mask.masked("key=\(Self.value);") == "key=***;")
        #expect(mask.masked("\(Self.value)\(Self.value)") == "***")
        #expect(mask.masked("\(Self.value) \(Self.value)") == "*** ***")
        #expect(mask.masked("s3cr3t/va+lu and s3cr3t") == "s3cr3t/va+lu and s3cr3t")
        #expect(mask.masked("") == "")
    }

    @Test(
        "base64 is masked wherever in a longer text the value begins",
        arguments: ["", "a", "ab", "abc", "user:"])
    func base64(lead: String) {
        let mask = mask(Self.value)
        for tail in ["", "x", "xy", "xyz"] {
            let encoded = Data((lead + Self.value + tail).utf8).base64EncodedString()
            for text in [encoded, encoded.replacing("+", with: "-").replacing("/", with: "_")] {
                let masked = mask.masked(text)
                // At most the two letters stay that also depend on what stands beside the value.
                #expect(masked.contains("***"), "\(text)")
                #expect(
                    masked.replacing("***", with: "").filter { $0 != "=" }.count
                        <= (lead.utf8.count + tail.utf8.count) * 4 / 3 + 4, "\(masked)")
            }
        }
    }

    @Test("base64 that is wrapped into lines is masked")
    func wrappedBase64() {
        let value = String((0..<90).map { Character(Unicode.Scalar(UInt8(33 + $0))) })
        let encoded = Data(value.utf8).base64EncodedString(options: [
            .lineLength76Characters, .endLineWithLineFeed,
        ])
        #expect(encoded.contains("\n"))
        #expect(mask(value).masked(encoded) == "***\n***")
    }

    @Test(
        "URL-encoded, in JSON, and quoted for a shell",
        arguments: [
            "s3cr3t%2Fva%2Blue%27x%22y%20z", "s3cr3t%2fva%2blue%27x%22y%20z",
            "s3cr3t%2Fva%2Blue%27x%22y+z", "s3cr3t/va+lue'x\\\"y z", "s3cr3t/va+lue'\\''x\"y z",
        ])
    func otherSpellings(text: String) {
        #expect(mask(Self.value).masked("<\(text)>") == "<***>")
    }

    @Test("a value that is broken into two lines is masked in both")
    func brokenIntoLines() {
        #expect(mask("abcdefgh").masked("x abcd\nefgh y") == "x ***\n*** y")
        #expect(mask("abcdefgh").masked("x abcd\r\nefgh y") == "x ***\r\n*** y")
    }

    @Test("of a value with several lines each long enough is masked on its own")
    func linesOfAValue() {
        let key = "-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\nxy\n-----END KEY-----\n"
        let mask = mask(key)
        #expect(mask.masked("2: BgkqhkiG9w0B!") == "2: ***!")
        #expect(mask.masked("xy -----BEGIN KEY-----") == "xy -----BEGIN KEY-----")
        #expect(!mask.masked(key).contains("MIIE"))
    }

    @Test("values that overlap, and one inside another, are masked whole")
    func overlap() {
        #expect(mask("abcdef", "defghi").masked("-abcdefghi-") == "-***-")
        #expect(mask("abcdef", "zabcdefz").masked("zabcdefz abcdef") == "*** ***")
        #expect(mask("aaaaaa").masked("aaaaaaaaaab") == "***b")
    }

    @Test("a value that is not UTF-8 is masked as bytes")
    func bytes() {
        let mask = SecretMask(values: [[0x61, 0xFF, 0x62, 0xFE, 0x63, 0x64]])
        #expect(
            mask.masked([0x2D, 0x61, 0xFF, 0x62, 0xFE, 0x63, 0x64, 0x2D]) == Array("-***-".utf8))
    }

    @Test("however a text is cut into reads, the same is masked")
    func anyCut() {
        var random = SeededGenerator(seed: 85)
        let values = ["abab\ncdcd", "abcabcabd", "zzzzzz"].map { Array($0.utf8) }
        let mask = SecretMask(values: values)
        let letters = Array("abcdz\n".utf8)
        for _ in 0..<3_000 {
            var text: [UInt8] = []
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                if Bool.random(using: &random) {
                    text += values.randomElement(using: &random) ?? []
                } else {
                    text.append(letters.randomElement(using: &random) ?? 0)
                }
            }
            let whole = mask.masked(text)
            var stream = SecretMask.Stream(mask)
            var pieces: [UInt8] = []
            var rest = text[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...4, using: &random)
                pieces += stream.take(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            pieces += stream.finish()
            #expect(pieces == whole, "\(String(decoding: text, as: UTF8.self))")
            let joined = whole.filter { $0 != 0x0A }
            for value in values {
                let plain = value.filter { $0 != 0x0A }
                #expect(
                    !String(decoding: joined, as: UTF8.self)
                        .contains(String(decoding: plain, as: UTF8.self)))
            }
        }
    }

    @Test("a secret that the beginning of the wanted part cuts through leaves nothing behind")
    func lead() {
        let mask = mask("abcdefghij")
        let text = Array("--abcdefghij-end".utf8)
        #expect(mask.masked(text, afterLead: 7) == Array("***-end".utf8))
        #expect(mask.masked(text, afterLead: 2) == Array("***-end".utf8))
        #expect(mask.masked(text, afterLead: 13) == Array("end".utf8))
        #expect(SecretMask.none.masked(text, afterLead: 12) == Array("-end".utf8))
    }

    @Test("without secrets everything passes untouched")
    func none() {
        let bytes: [UInt8] = [0, 0xFF, 0x0A]
        #expect(SecretMask.none.isEmpty)
        #expect(SecretMask.none.masked(bytes) == bytes)
        var stream = SecretMask.Stream(.none)
        #expect(stream.take(bytes) == bytes && stream.finish() == [])
        #expect(SecretMask(values: [Array("short".utf8)]).isEmpty)
    }

    @Test("a text of nothing but beginnings takes linear time", .timeLimit(.minutes(20)))
    func linear() {
        let mask = mask(String(repeating: "a", count: 4000) + "b")
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: 300_000)
        #expect(mask.masked(text) == text)
    }

    @Test("values come from where steps get them; unset and short ones are named")
    func declared() {
        var workflow = Workflow(name: "w")
        workflow.execution.secrets = ["A", "B", "C", "D"]
        workflow.environment = [EnvironmentVariable("B", "from-workflow")]
        let inherited = ["A": "from-outside", "C": "tiny", "X": "not-a-secret"]
        let secrets = DeclaredSecrets(of: workflow) { inherited[$0].map { Array($0.utf8) } }
        #expect(secrets.unset == ["D"])
        #expect(secrets.tooShort == ["C"])
        #expect(
            secrets.mask.masked("from-outside from-workflow tiny not-a-secret")
                == "*** *** tiny not-a-secret")
    }

    @Test("steps inherit what is named, or begins as is said")
    func filter() {
        let environment = ["PATH": "1", "LC_ALL": "2", "LC": "3", "HOME": "4"]
        #expect(EnvironmentFilter(nil).filtered(environment) == environment)
        #expect(EnvironmentFilter([]).filtered(environment) == [:])
        #expect(
            EnvironmentFilter(["PATH", "LC_*"]).filtered(environment)
                == ["PATH": "1", "LC_ALL": "2"])
        #expect(EnvironmentFilter(["*"]).filtered(environment) == environment)
    }

    @Test("no text of an event keeps a secret")
    func events() {
        let mask = mask("topsecret")
        let text = "a topsecret b"
        var header = RunHeader(
            runID: "r", workflow: text, mode: .sequential, maxParallelSteps: 1,
            startedAt: WallTime(microseconds: 0), pid: 1, bootID: "",
            tasks: [TaskHeader(id: "", description: text)],
            steps: [StepHeader(id: "s", description: text, parallelGroup: text, outputs: [text])])
        header.schemaVersion = RunHeader.currentSchema
        let kinds: [RunEvent.Kind] = [
            .runStarted(header), .warning(step: nil, text),
            .waiting(
                step: 0,
                holder: LockHolder(
                    resource: "r", pid: 1, runID: text, step: text, since: text)),
            .terminating(step: 0, signal: 15, reason: .other(text)),
            .leftovers(step: 0, [Leftover(pid: 1, command: text, ageMilliseconds: 1)]),
            .ended(step: 0, StepEnd(status: .failed, reason: .notStarted(text))),
            .ended(step: 0, StepEnd(status: .failed, reason: .outputsMissing([text]))),
            .skipped(step: 0, .other(text)),
        ]
        var encoder = JournalEncoder(header: header)
        for kind in kinds {
            var line: [UInt8] = []
            encoder.append(RunEvent(kind.masked(by: mask), at: .zero), to: &line)
            let written = String(decoding: line, as: UTF8.self)
            #expect(!written.contains("topsecret") && written.contains("a *** b"), "\(written)")
        }
    }
}
