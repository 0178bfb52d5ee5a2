import Testing

@testable import stepvisor

@Suite("A mistake on the command line is answered with what to type")
struct ArgumentErrorTests {
    struct Case: CustomTestStringConvertible {
        let words: [String]
        let message: String
        let help: String?

        init(_ line: String, _ message: String, _ help: String?) {
            words = line.split(separator: " ").map { $0 == "∅" ? "" : String($0) }
            self.message = message
            self.help = help
        }

        var testDescription: String { words.joined(separator: " ") }
    }

    private static let limit =
        "it is a time longer than 0 such as `90s`, `5m`, `1h30m`, or a number of seconds; "
        + "for no limit leave it out"

    static let cases = [
        Case("--paralel", "unknown option `--paralel`", "did you mean `--parallel`?"),
        Case("plan --jsn", "unknown option `--jsn` of `plan`", "did you mean `--json`?"),
        Case("-z", "unknown option `-z`", "`stepvisor help` lists the options"),
        Case(
            "plan --format dot", "`plan` has no option `--format`: it belongs to `graph`",
            "`stepvisor help plan` lists the options"),
        Case(
            "--keep-going check", "`check` has no option `--keep-going`: it belongs to `run`",
            "`stepvisor help check` lists the options"),
        Case(
            "-j", "`-j` needs a value",
            "it is a number from 1, a percentage of the processors such as `50%`, or `auto`"),
        Case(
            "-j 0", "`0` is no value of `-j`",
            "it is a number from 1, a percentage of the processors such as `50%`, or `auto`"),
        Case(
            "-j -3", "`-3` is no value of `-j`",
            "it is a number from 1, a percentage of the processors such as `50%`, or `auto`"),
        Case(
            "--jobs=many", "`many` is no value of `--jobs`",
            "it is a number from 1, a percentage of the processors such as `50%`, or `auto`"),
        Case("--output=grup", "`grup` is no value of `--output`", "did you mean `group`?"),
        Case(
            "--color=sometimes", "`sometimes` is no value of `--color`",
            "it is `auto`, `always` or `never`"),
        Case(
            "--grace soon", "`soon` is no value of `--grace`",
            "it is a time such as `90s`, `5m`, `1h30m`, or a number of seconds"),
        Case("--timeout soon", "`soon` is no value of `--timeout`", limit),
        Case("--timeout 0", "`0` is no value of `--timeout`", limit),
        Case("--timeout=0s", "`0s` is no value of `--timeout`", limit),
        Case(
            "--only a,,b", "`a,,b` is no value of `--only`",
            "it is the name of a step, or several separated by commas"),
        Case("-k=yes", "`-k` takes no value", "leave out `=yes`"),
        Case("--parallel=yes", "`--parallel` takes no value", "leave out `=yes`"),
        Case(
            "-f", "`-f` needs a value", "write it after the option, as the next word or after `=`"),
        Case(
            "--file=", "`--file` needs a value",
            "write it after the option, as the next word or after `=`"),
        Case("check x", "`check` does not take `x`", "usage: stepvisor check [OPTION…]"),
        Case(
            "status a b", "`status` does not take `b`", "usage: stepvisor status [OPTION…] [RUN]"),
        Case(
            "lock", "`lock` needs NAME",
            "usage: stepvisor lock [OPTION…] NAME -- COMMAND [ARGUMENT…]"),
        Case("lock db make", "`lock` does not take `make`", "did you mean `-- make`?"),
        Case(
            "lock db --", "`lock` needs a command after `--`",
            "usage: stepvisor lock [OPTION…] NAME -- COMMAND [ARGUMENT…]"),
        Case(
            "-q -v", "`--quiet` and `--verbose` contradict each other", "leave one of them out"),
        Case(
            "--shuffle=dice", "`dice` is no value of `--shuffle`",
            "it is a number from 0 to 9007199254740991, written after `=`"),
        Case(
            "--shuffle=9007199254740992", "`9007199254740992` is no value of `--shuffle`",
            "it is a number from 0 to 9007199254740991, written after `=`"),
        Case(
            "--shuffle=", "`--shuffle` needs a value",
            "it is a number from 0 to 9007199254740991, written after `=`"),
        Case(
            "--replay latest --parallel", "`--replay` and `--parallel` contradict each other",
            "leave one of them out"),
        Case(
            "--replay latest -j2", "`--replay` and `--jobs` contradict each other",
            "leave one of them out"),
        Case(
            "--replay latest --shuffle", "`--replay` and `--shuffle` contradict each other",
            "leave one of them out"),
        Case(
            "--replay latest build", "`--replay` and `build` contradict each other",
            "leave one of them out"),
        Case(
            "--decide build=retry", "`--decide` goes with `--resume`",
            "add `--resume`, or leave it out"),
        Case(
            "--resume --failed --decide build=retry",
            "`--decide` and `--failed` contradict each other", "leave one of them out"),
        Case(
            "--resume --decide build=rety", "`build=rety` is no value of `--decide`",
            "did you mean `build=retry`?"),
        Case(
            "--resume --decide build", "`build` is no value of `--decide`",
            "it is STEP=WORD, and the word is `retry`, `skip`, `continue` or `halt`"),
        Case(
            "--resume --decide build=backup", "`build=backup` is no value of `--decide`",
            "it is STEP=WORD, and the word is `retry`, `skip`, `continue` or `halt`"),
        Case(
            "--resume --decide a=skip --decide a=halt",
            "`--decide a=skip` and `--decide a=halt` contradict each other",
            "leave one of them out"),
        Case("∅", "`run` was given an empty word", "look for a variable that is not set"),
    ]

    @Test("the message says what is wrong and what to do", arguments: cases)
    func message(of wrong: Case) {
        #expect {
            try ArgumentParser.parse(wrong.words)
        } throws: { error in
            guard let (message, help) = (error as? ArgumentError)?.diagnostic else { return false }
            #expect(message == wrong.message)
            #expect(help == wrong.help)
            return true
        }
    }

    @Test(
        "what a later version will do is refused by name",
        arguments: [
            "report", "history", "insights", "completions bash",
        ])
    func later(line: String) {
        let words = line.split(separator: " ").map(String.init)
        let name = words[0]
        #expect(throws: ArgumentError.notYetSupported(name)) {
            try ArgumentParser.parse(words)
        }
        let (message, help) = ArgumentError.notYetSupported(name).diagnostic
        #expect(message == "`\(name)` is not yet supported by this version")
        #expect(help == nil)
    }
}
