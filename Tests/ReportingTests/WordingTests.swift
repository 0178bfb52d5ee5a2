import Execution
import Reporting
import Testing

@Suite("Wording")
struct WordingTests {
    @Test(
        "a count agrees with its noun",
        arguments: [(0, "0 steps"), (1, "1 step"), (3, "3 steps")])
    func count(number: Int, text: String) {
        #expect(Wording.count(number, "step") == text)
    }

    @Test("a noun with its own plural keeps it")
    func plural() {
        #expect(Wording.count(2, "process", plural: "processes") == "2 processes")
        #expect(Wording.count(1, "process", plural: "processes") == "1 process")
    }

    @Test(
        "a list reads as a sentence",
        arguments: [
            ([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c"),
        ])
    func list(words: [String], text: String) {
        #expect(Wording.list(words) == text)
    }

    @Test("a long list names some and counts the rest")
    func longList() {
        #expect(Wording.list(["a", "b", "c", "d"], atMost: 2) == "a, b and 2 more")
        #expect(Wording.list(["a", "b"], atMost: 2) == "a and b")
        #expect(Wording.list(["a", "b"], atMost: 0) == "2")
        #expect(Wording.list(["a", "b"], "or") == "a or b")
    }

    @Test(
        "a size is shown in the unit that keeps it short",
        arguments: [
            (-5, "0 bytes"), (1, "1 byte"), (1023, "1023 bytes"), (1024, "1.0 KiB"),
            (1536, "1.5 KiB"), (1_048_575, "1.0 MiB"), (268_435_456, "256.0 MiB"),
            (Int64.max, "8388608.0 TiB"),
        ] as [(Int64, String)])
    func bytes(number: Int64, text: String) {
        #expect(Wording.bytes(number) == text)
    }

    @Test("a part of nothing is no percent")
    func percent() {
        #expect(Wording.percent(1, of: 0) == "0%")
        #expect(Wording.percent(75, of: 205) == "37%")
        #expect(Wording.percent(.max, of: .max) == "100%")
    }

    @Test("a holder is named as far as it is known, and its text cannot move the cursor")
    func holder() {
        let full = LockHolder(
            resource: "db\u{1B}[2J", pid: 7, runID: "r1", step: "build", since: "2025-11-02")
        #expect(
            Wording.holder(full)
                == "`db` is held by step `build` of run r1 (pid 7) since 2025-11-02")
        #expect(Wording.holder(LockHolder(resource: "db")) == "`db` is held")
        #expect(
            Wording.holder(LockHolder(resource: "db", runID: "r1")) == "`db` is held by run r1")
    }

    @Test("a plain style writes no escape, a coloured one resets what it sets")
    func style() {
        for status in StepStatus.allCases {
            #expect(Style.plain.paint("x", as: status) == "x")
            let colored = Style.colored.paint("x", as: status)
            #expect(colored.hasPrefix("\u{1B}[") && colored.hasSuffix("mx\u{1B}[0m"))
        }
        #expect(Style.colored.red("") == "")
    }
}
