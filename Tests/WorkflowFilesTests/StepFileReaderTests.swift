import Testing
import WorkflowFiles
import WorkflowModel

@Suite("Step file headers")
struct StepFileReaderTests {
    private func read(_ text: String) -> (StepFileReading, Reading) {
        let bytes = Array(text.utf8)
        let reading = StepFileReader.read(bytes, file: 0)
        let table = reading.header?.table ?? DocumentTable()
        return (reading, Reading(table, reading.diagnostics, bytes, "steps/x.sh"))
    }

    @Test(
        "the block is found in the leading comment of several languages",
        arguments: [
            "#!/bin/sh\n# /// step\n# id = \"a\"\n# ///\necho\n",
            "# /// step\n#id = \"a\"\n# ///",
            "#!/bin/sh\r\n# /// step\r\n#   id = \"a\"\r\n# ///\r\n",
            "#!/bin/sh\n\n# Copyright\n#\n# /// step  \n#\n# id = \"a\" # x\n# ///\nset -e\n",
            "#!/usr/bin/env node\n// A tool\n// /// step\n// id = \"a\"\n// ///\nlet x\n",
            "-- /// step\n-- id = \"a\"\n-- ///\nselect 1;\n",
            "# /// script\n# dependencies = []\n# ///\n# /// step\n# id = \"a\"\n# ///\nimport x\n",
            "# /// step\n# id = \"a\"\n# ///\nx\n# /// step\n# id = \"b\"\n# ///\n",
        ])
    func found(text: String) {
        let (reading, shown) = read(text)
        #expect(shown.problems == [])
        #expect(shown.outline == "{id: \"a\"}")
        #expect(reading.header.map { shown.text($0.range).contains("/// step") } == true)
    }

    @Test("a file without a block is no step")
    func noHeader() {
        let texts = [
            "#!/bin/sh\necho\n", "echo", "# /// script\n# a = 1\n# ///\n", "# // / step\n",
        ]
        for text in texts {
            let (reading, shown) = read(text)
            #expect(reading.header == nil)
            #expect(reading.content == .text)
            #expect(shown.problems == [])
        }
    }

    @Test("places point into the script")
    func places() {
        let (reading, shown) = read(
            "#!/bin/sh\n# /// step\n# id = \"é\"\n# a = [\n#   1,\n# ]\n"
                + "# flag = True\n# s = 1 2\n# ///\n")
        #expect(
            shown.problems == [
                "7:10 `True` is not a value",
                "8:9 unexpected text after the end of the statement",
            ])
        guard let table = reading.header?.table, table.entries.count == 3 else {
            Issue.record("not read: \(shown.outline)")
            return
        }
        #expect(shown.text(table.entries[0].keyRange) == "id")
        #expect(shown.text(table.entries[0].value.range) == "\"é\"")
        #expect(shown.text(table.entries[1].value.range) == "[\n#   1,\n# ]")
    }

    @Test("a multi-line string does not contain the comment marks")
    func multiLineString() {
        let (_, shown) = read("# /// step\n# a = '''\n# x\n#\n#   y\n# '''\n# ///\n")
        #expect(shown.problems == [])
        #expect(shown.outline == "{a: \"x⏎⏎  y⏎\"}")
    }

    @Test(
        "what is wrong with the block",
        arguments: [
            ("# /// step\n# id = 1\necho\n", "1:1 the step header is never closed"),
            ("# /// step\n# some words\n", "1:1 the step header is never closed"),
            ("# /// step\n# id = 1\n# /// step\n# ///\n", "1:1 the step header is never closed"),
            ("# /// step\nid = 1\n# ///\n", "2:1 a line of the step header without `#`"),
            ("# /// step\n\n# ///\n", "2:1 a line of the step header without `#`"),
            ("# /// step\n# ///\n# /// step\n# ///\n", "3:1 a second step header"),
            ("#/// step\n# id = 1\n# ///\n", "1:1 this line does not open a step header"),
            ("# /// Step\n# id = 1\n# ///\n", "1:1 this line does not open a step header"),
            ("# ///step\n", "1:1 this line does not open a step header"),
            (
                "set -e\n# /// step\n# id = 1\n# ///\n",
                "2:1 a step header below the first line of code is not read"
            ),
            ("# /// step\n# id = 1\n# id = 2\n# ///\n", "3:3 the key `id` is given twice"),
        ])
    func mistakes(text: String, problem: String) {
        #expect(read(text).1.problems.first == problem)
    }

    @Test("empty and binary files are told from text")
    func content() {
        #expect(read("").0.content == .empty)
        #expect(read("\u{7F}ELF\u{0}").0.content == .binary)
        #expect(read("#!/bin/sh").0.content == .text)
    }

    @Test("a byte order mark before the shebang is a warning")
    func byteOrderMark() {
        let (reading, shown) = read("\u{FEFF}#!/bin/sh\n# /// step\n# id = 1\n# ///\n")
        #expect(
            shown.problems == [
                "1:1 a byte order mark before `#!` hides the interpreter from the system"
            ])
        #expect(reading.diagnostics.first?.severity == .warning)
        #expect(shown.outline == "{id: 1}")
    }
}
