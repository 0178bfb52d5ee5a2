import Testing
import TestSupport

@testable import WorkflowFiles

@Suite("Secrets in workflow files that cannot be parsed")
struct SecretPlacesTests {
    /// The bytes that messages do not show, joined.
    private func concealed(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var places = SecretPlaces()
        places.learnNames(from: bytes)
        return places.ranges(in: bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
            .joined(separator: "|")
    }

    @Test(
        "what follows a secret's name is concealed, in whichever form it stands there",
        arguments: [
            ("[environment]\nT = hunter2\nA = x\n", "hunter2"),
            ("[environment]\nT = \"hunter2\" # note\n", "hunter2"),
            ("[environment]\nT = \"hunter2\nA = \"x\"\n", "hunter2"),
            ("environment.T = hunter 2\n", "hunter 2"),
            ("environment = { T = 'hunter2', A = bad }\n", "hunter2"),
            ("environment = { T = hunter2 }\n", "hunter2 }"),
            ("[environment]\nT =\n  'hunter2'\n", "hunter2"),
            ("[environment]\nT hunter2\n", "hunter2"), ("T: hunter2\n", "hunter2"),
            ("[environment]\nT = -----BEGIN\nabc==\n\nA = 1\n", "-----BEGIN|abc=="),
            ("T = \"\"\"\nhunter2\n\"\"\"\nA = x\n", "\nhunter2\n"),
            ("# environment = { \"T\" = \"hunter2\" }\n", "hunter2"),
            ("{\"environment\": {\"T\": hunter2}}", "hunter2}}"),
            ("T = \"a\" hunter2 # note\n", "a|hunter2 # note"),
            ("environment.T = 'a', 'hunter2'\n", "a|, 'hunter2'"),
            ("T = \"hunt\"er2\"\n", "hunt|er2\""),
            ("T = 'a', 'hunter2'\n", "a|, 'hunter2'"),
            ("T = \"\"\"a\"\"\" hunter2\nA = x\n", "a|hunter2"),
            ("environment = { T = \"a\" hunter2, A = x }\n", "a|hunter2, A = x }"),
            ("{\"T\": \"a\", \"A\": x}", "a"), ("T = [\"a\"] hunter2\n", "\"a\"|hunter2"),
            ("command = \"echo $T\"\nA = \"x\"\n", ""),
        ])
    func byName(text: String, hidden: String) {
        #expect(concealed("secrets = [\"T\"]\n" + text) == hidden)
    }

    @Test(
        "where the list itself is broken, every table `environment` is concealed",
        arguments: [
            ("secrets = [T\n[environment]\nA = one\nB = \"two\"\n[[steps]]\nid = 1\n", "one|two"),
            ("environment = { A = one }\nsecrets = \n", " A = one "),
            ("secrets = [T\n[environment]\nA = \"a\" one\r\nB = \"b\"\r\n", "a|one\r|b"),
            ("environment.A.B = one\nsecrets = oops\n", "one"),
            ("{\"environment\": {\"A\": one}, \"secrets\": [T]}", "\"A\": one"),
            ("[[steps]]\n[steps.environment]\nA = one\nsecrets = x\n[x]\nB = 2\n", "one|x"),
        ])
    func byTable(text: String, hidden: String) {
        #expect(concealed(text) == hidden)
    }

    @Test("without a list nothing is concealed")
    func withoutList() {
        #expect(concealed("[environment]\nTOKEN = oops\n") == "")
    }

    @Test("no text makes the search trap, and no value is shown that stands behind its name")
    func anyText() {
        var random = SeededGenerator(seed: 5)
        let pieces = [
            "secrets", " = ", "[", "]", "\"T\"", "T", "\"", "'", "\n", "{", "}", ",", ":", "#",
            "environment", ".", "\"\"\"", "\\", "=", " ", "x", "é", "\u{0}", "[steps]",
        ]
        for _ in 0..<5_000 {
            let text = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                pieces.randomElement(using: &random) ?? ""
            }.joined()
            _ = concealed(text)
            for form in ["T = hunter2", "T=\"hunter2", "environment.T = 'hunter2'"] {
                // On a line of its own behind whatever mistakes.
                let whole = "secrets = [\"T\"]\n" + text + "\n" + form + "\n"
                #expect(concealed(whole).contains("hunter2"), "\(whole)")
            }
        }
    }
}
