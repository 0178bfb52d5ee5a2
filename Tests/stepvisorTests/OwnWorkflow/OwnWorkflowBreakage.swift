import Testing

/// One thing that is broken in the package, and what the step that watches over it must say.
struct Breakage: Sendable, CustomTestStringConvertible {
    /// The number of the step, as its file has it.
    let step: String
    /// A line of shell that breaks the package.
    let line: String
    /// Variables that break what the step calls.
    let variables: String
    /// Parts of what the step prints.
    let says: [String]

    init(_ step: String, _ line: String = ":", with variables: String = "", says: [String]) {
        self.step = step
        self.line = line
        self.variables = variables
        self.says = says
    }

    var testDescription: String { "\(step): \(variables.isEmpty ? line : variables)" }

    static let all = tree + documents + code + run

    private static let tree = [
        Breakage(
            "00", "rm LICENSE", says: ["error: LICENSE: does not exist", "git checkout -- LICENSE"]),
        Breakage("00", with: "FAKE_VERSION=6.1.2", says: ["Swift 6.1.2 is older than 6.2"]),
        Breakage(
            "03", "rm scripts/test",
            says: ["error: README.md:3: names `scripts/test`", ".ci/run:3"]),
        Breakage(
            "03", "chmod -x .ci/run",
            says: ["error: .ci/run: begins with `#!` and is not executable", "chmod +x"]),
        Breakage(
            "03", #"printf 'if true; then\n' >> scripts/test"#,
            says: ["error: scripts/test:", "unexpected end of file"]),
        Breakage(
            "03", #"printf '#!/bin/sh\r\nset -e\r\n' > .ci/run"#,
            says: ["error: .ci/run:1: ends its lines with CR LF"]),
        Breakage(
            "03", #"printf '#!/bin/sh\nset -e\n' > steps/step_15_new; chmod +x steps/step_15_new"#,
            says: ["error: steps/step_15_new:2: no step header"]),
        Breakage(
            "04", "mkdir Sources/Extra; touch Sources/Extra/A.swift",
            says: [
                "error: Sources/Extra: is no target", "the module `Extra` is not described",
            ]),
        Breakage(
            "04", "git rm -rq Sources/DependencyGraph",
            says: ["Package.swift:7: declares a target whose folder"]),
        Breakage(
            "04", "touch notes.txt", says: ["error: notes.txt: is not one of the top-level entries"]
        ),
        Breakage(
            "04", "echo 'import Foundation' >> Sources/DependencyGraph/Graph.swift",
            says: ["Sources/DependencyGraph/Graph.swift:6: imports `Foundation`"]),
        Breakage(
            "04", "echo 'let child = Process()' >> Sources/stepvisor/Main.swift",
            says: ["Sources/stepvisor/Main.swift:7: starts a process"]),
        Breakage(
            "08", "echo '.package(url: \"x\", from: \"1.0.0\")' >> Package.swift",
            says: ["Package.swift:16: declares an outside package"]),
        Breakage(
            "08", "echo 'import NIO' >> Sources/stepvisor/Main.swift",
            says: ["Sources/stepvisor/Main.swift:7: imports `NIO`"]),
        Breakage(
            "08", "touch Package.resolved; git add -f Package.resolved",
            says: ["Package.resolved: is committed"]),
        Breakage("11", "echo 'a ' >> LICENSE", says: ["error: LICENSE:2: trailing whitespace"]),
        Breakage(
            "11", "printf '<<<<<<< ours\\n' >> LICENSE",
            says: ["error: LICENSE:2: holds a conflict marker", "git add"]),
        Breakage(
            "11", "head -c 600000 /dev/zero > docs/big.bin; git add docs",
            says: ["error: docs/big.bin: has 600000 bytes"]),
        Breakage("11", "touch a.swp; git add -f a.swp", says: ["error: a.swp: is generated"]),
        Breakage(
            "11", "git commit -q --amend -m 'fixup! more'",
            says: ["error: HEAD: the message", "git commit --amend"]),
    ]

    private static let documents = [
        Breakage(
            "01", "sed 's/stepvisor timeline/stepvisor timeleine/' README.md > r; mv r README.md",
            says: ["the command `timeline` is not documented"]),
        Breakage(
            "01", "sed 's/`--keep-going`//' README.md > r; mv r README.md",
            says: ["the option `-k, --keep-going` of `run` is not documented"]),
        Breakage(
            "01", #"printf '\n```sh\nstepvisor plan --paralel\n```\n' >> README.md"#,
            says: ["`stepvisor plan` has no option `--paralel`", "stepvisor help plan"]),
        Breakage(
            "01", "printf '\\nTry `--frobnicate`.\\n' >> README.md",
            says: ["no command has an option `--frobnicate`"]),
        Breakage(
            "02", "echo '[gone](gone.md)' >> docs/design-notes.md",
            says: ["docs/design-notes.md:4: the link leads to `gone.md`"]),
        Breakage(
            "02", "echo '[gone](workflow-file.md#gone)' >> docs/design-notes.md",
            says: ["docs/design-notes.md:4: `docs/workflow-file.md` has no heading", "keys"]),
        Breakage(
            "02", "echo '# Workflow files' > docs/workflow-file.md",
            says: ["StepKeys.swift:5: the key `description` is not in docs/workflow-file.md"]),
        Breakage(
            "02", "echo 'It needs Swift 5.9.' >> README.md", says: ["says that Swift 5.9 is needed"]
        ),
        Breakage(
            "02", "echo 'Our own fourteen-step workflow.' >> README.md",
            says: ["says 14 steps, and steps/ holds 15"]),
        Breakage(
            "12", "printf '\\n#### Deep\\n' >> README.md",
            says: ["the heading jumps from level 2 to 4"]),
        Breakage(
            "12", "printf '\\n```\\n' >> README.md", says: ["without a language", "never closed"]),
        Breakage(
            "12", "printf 'end \\n' >> docs/design-notes.md",
            says: ["docs/design-notes.md:4: has white space"]),
        Breakage(
            "12", "printf '\\n%0130d\\n' 7 >> README.md", says: ["has 130 columns, more than 120"]),
    ]

    private static let code = [
        Breakage(
            "05",
            "sed '/#expect/d' Tests/DependencyGraphTests/GraphTests.swift > t; mv t Tests/DependencyGraphTests/GraphTests.swift",
            says: ["GraphTests.swift:6: the test `holds` expects nothing"]),
        Breakage(
            "05",
            "echo 'Thread.sleep(forTimeInterval: 1)' >> Tests/DependencyGraphTests/GraphTests.swift",
            says: ["GraphTests.swift:10: sleeps"]),
        Breakage(
            "05", "rm -r Tests/WorkflowFilesTests",
            says: ["the module `WorkflowFiles` has no tests"]),
        Breakage(
            "05", "echo 'let child = Process()' >> Tests/DependencyGraphTests/GraphTests.swift",
            says: ["GraphTests.swift:3: a suite that starts processes has no time limit"]),
        Breakage(
            "06",
            "sed 's/Graph/Node/' Tests/DependencyGraphTests/GraphTests.swift > t; "
                + "sed 's/Graph/Node/g' t > Tests/DependencyGraphTests/GraphTests.swift; rm t",
            says: ["names 0 of the 1 types that DependencyGraph shows", "write tests of: Graph"]),
        Breakage(
            "06",
            "sed '/\"logs\"/d' Tests/stepvisorTests/CommandTests.swift > t; mv t Tests/stepvisorTests/CommandTests.swift",
            says: ["no test runs the command `logs`"]),
        Breakage(
            "07", with: "FAKE_TEST=lost",
            says: ["error: GraphTests.swift:7: ", "lost", "swift test --filter"]),
        Breakage(
            "07", with: "FAKE_TESTS=0",
            says: ["no test ran", "the filter was ^(DependencyGraphTests"]),
        Breakage(
            "07", with: "FAKE_BUILD=unknown",
            says: ["Sources/a.swift:1:2: error: unknown", "do not build"]),
        Breakage(
            "09", with: "FAKE_LINT=Indentation",
            says: ["error: Sources/a.swift:3: [Indentation] indent"]),
        Breakage(
            "09", "echo 'let x = try! y()' >> Sources/stepvisor/Main.swift",
            says: ["Sources/stepvisor/Main.swift:7: holds `try!`"]),
        Breakage(
            "09",
            "i=0; while [ $i -lt 400 ]; do echo 'let a = 1'; i=$((i + 1)); done >> Sources/stepvisor/Main.swift",
            says: ["Sources/stepvisor/Main.swift:401: has 406 lines"]),
        Breakage(
            "09",
            "{ echo 'func long() {'; i=0; while [ $i -lt 70 ]; do echo '    go()'; i=$((i + 1)); done; echo '}'; }"
                + " >> Sources/stepvisor/Main.swift",
            says: ["Sources/stepvisor/Main.swift:7: the function `long` has 72 lines"]),
    ]

    /// A program whose answers are bent by `sed`, after whose exit code nothing is asked.
    private static func bent(_ script: String) -> String {
        #"printf '#!/bin/sh\n"$STEPVISOR" "$@" > ../out 2> ../err; code=$?; sed "# + script
            + #" ../out; sed "# + script
            + #" ../err >&2; exit $code\n' > ../bin/bent; chmod +x ../bin/bent"#
    }

    private static let run = [
        Breakage(
            "10", "echo 'tests_run=1' > ../results/test_execution",
            says: [
                "`test_execution` ended without a summary", "1 tests ran, and the suites hold 2",
            ]),
        Breakage(
            "10", "echo 'tree=1-2' >> ../results/pre_analysis",
            says: ["files changed while the run was going on"]),
        Breakage(
            "10", "echo 'no result' >> ../results/directory",
            says: ["directory:2: `no result` is no `key=value` line"]),
        Breakage(
            "10", "rm ../results/*",
            says: ["holds no results of other steps", "stepvisor --parallel"]),
        Breakage(
            "13", bent(#"/Examples:/d"#), with: #"STEPVISOR_PROGRAM="$PWD/../bin/bent""#,
            says: ["stepvisor help plan: shows no example"]),
        Breakage(
            "13", bent(#"s/124/some/"#), with: #"STEPVISOR_PROGRAM="$PWD/../bin/bent""#,
            says: ["does not name the exit code 124"]),
        Breakage(
            "13",
            "sed 's/write one/Please write one./' Sources/stepvisor/Main.swift > m; mv m Sources/stepvisor/Main.swift",
            says: ["Main.swift:5: the advice `Please write one.` ends with a full stop"]),
        Breakage(
            "13", "sed '/^# description/d' steps/step_14_ux > s; cat s > steps/step_14_ux; rm s",
            says: ["error: steps/step_14_ux: has no description"]),
        Breakage(
            "14", bent(#"/did you mean/d"#), with: #"STEPVISOR_PROGRAM="$PWD/../bin/bent""#,
            says: ["stepvisor --paralel: does not say `--parallel`"]),
        Breakage(
            "14", bent(#"s/stepvisor.0/version0/"#), with: #"STEPVISOR_PROGRAM="$PWD/../bin/bent""#,
            says: ["stepvisor --version: prints no"]),
        Breakage(
            "14", "printf '#!/bin/sh\\nexit 0\\n' > ../bin/bent; chmod +x ../bin/bent",
            with: #"STEPVISOR_PROGRAM="$PWD/../bin/bent""#,
            says: ["exits with 0, and 2 is promised", "prints nothing"]),
    ]
}
