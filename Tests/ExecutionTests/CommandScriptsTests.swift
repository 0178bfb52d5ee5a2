import Testing
import TestSupport
import WorkflowModel

@testable import Execution

@Suite("The scripts that a command starts are found in its text, whatever is around them")
struct CommandScriptsTests {
    struct Line: Sendable, CustomTestStringConvertible {
        var text: String
        var scripts: [String]
        var unknown: [String]

        init(_ text: String, _ scripts: [String], unknown: [String] = []) {
            (self.text, self.scripts, self.unknown) = (text, scripts, unknown)
        }

        var testDescription: String { text }
    }

    private static let programs: [Line] = [
        Line("bin/x > out", ["bin/x"]), Line("a | bin/x", ["bin/x"]),
        Line("FOO=1 bin/x", ["bin/x"]), Line("A='b c' bin/x", ["bin/x"]),
        Line("exec bin/x", ["bin/x"]), Line("env -i A=1 bin/x", ["bin/x"]),
        Line("nice -n 5 bin/x", ["bin/x"]), Line("time -p bin/x", ["bin/x"]),
        Line("timeout -k 1 5 bin/x", ["bin/x"]), Line("nohup bin/x &", ["bin/x"]),
        Line("command bin/x", ["bin/x"]), Line("command -v bin/x", []),
        Line("sudo -n -u bob bin/x", ["bin/x"]), Line("! bin/x", ["bin/x"]),
        Line("sudo -E A=1 \"B=$C\" bin/x", ["bin/x"]),
        Line("if bin/x; then echo; fi", ["bin/x"]),
        Line("until bin/x; do sleep 1; done", ["bin/x"]),
        Line("while read l; do bin/x; done < in", ["bin/x"]),
        Line("echo \"$(bin/x)\" `bin/y`", ["bin/x", "bin/y"]),
        Line("x=$(bin/x) && echo $((1 + $(bin/y)))", ["bin/x", "bin/y"]),
        Line("echo ${X:-$(bin/x)}", ["bin/x"]), Line("diff <(bin/a) <(bin/b)", ["bin/a", "bin/b"]),
        Line("f() { bin/x; }; f", ["bin/x"]), Line("{ bin/x; } > o", ["bin/x"]),
        Line("[[ a/b == c/* && -f d/e ]] || bin/x", ["bin/x"]),
        Line("case $x in src/*) bin/a;; b|c) bin/b;; esac; bin/d", ["bin/a", "bin/b", "bin/d"]),
        Line("for f in bin/a bin/b; do bin/c $f; done", ["bin/c"]),
        Line("for ((i = 0; i < $(bin/n); i++)); do bin/c $i; done", ["bin/n", "bin/c"]),
        Line("a=(1 bin/y); bin/x 2>err", ["bin/x"]), Line("2>&1 bin/x &>log", ["bin/x"]),
        Line("'bin/x' a; bin\\/y; \"bin/z\"", ["bin/x", "bin/y", "bin/z"]),
        Line("bin/x;bin/y&&bin/z|bin/w", ["bin/x", "bin/y", "bin/z", "bin/w"]),
        Line("echo # bin/x\nbin/y # c", ["bin/y"]),
        Line("find . -exec bin/x {} \\; | xargs -n 1 bin/y", ["bin/x", "bin/y"]),
        Line("flock -n l bin/x; flock l -c 'bin/y'", ["bin/x", "bin/y"]),
        Line("stepvisor lock db -- bin/x", ["bin/x"]), Line("$PWD/bin/x", ["bin/x"]),
        Line("\"${PWD}/bin/x\" ~/bin/y", ["bin/x"]), Line("trap 'bin/c' EXIT", ["bin/c"]),
        Line("./x/../bin/y", ["bin/y"]), Line("cp in out; cargo run --bin x", []),
    ]

    private static let interpreters: [Line] = [
        Line("bash -euo pipefail run.sh a b", ["run.sh"]), Line("/bin/sh run.sh", ["run.sh"]),
        Line(". ./lib.sh; source b.sh", ["lib.sh", "b.sh"]),
        Line("python3 -u -W ignore tool.py in out", ["tool.py"]),
        Line("python3.11 x.py", ["x.py"]), Line("python3 -c 'import x' a.py", []),
        Line("python3 -m pkg.mod", ["pkg/mod.py", "pkg/mod/__main__.py"]),
        Line("node --max-old-space-size=4096 b.js", ["b.js"]),
        Line("perl -w -Ilib x.pl", ["x.pl"]), Line("perl -ne 'print' f", []),
        Line("awk -f p.awk in; awk '{print}' in/a", ["p.awk"]), Line("swift build", []),
        Line("uv run python tool.py", ["tool.py"]), Line("poetry run bin/x", ["bin/x"]),
        Line("sh -c 'bin/x > o'", ["bin/x"]), Line("bash <<'E'\nbin/x\nE\n", ["bin/x"]),
        Line("cat <<E | bin/x\n bin/y\nE\nbin/z", ["bin/x", "bin/z"]),
        Line("sh < run.sh", ["run.sh"]), Line("cat a.sh b.sh | sh", ["a.sh", "b.sh"]),
        Line("make -f x.mk", ["x.mk"]), Line("./configure && make", ["configure"]),
        Line("make -C d all", ["d/GNUmakefile", "d/makefile", "d/Makefile"]),
        Line("make -Cd", ["d/GNUmakefile", "d/makefile", "d/Makefile"]),
        Line("make --directory=d --file=x.mk; make -fy.mk", ["d/x.mk", "y.mk"]),
    ]

    private static let directories: [Line] = [
        Line("cd d && ./x", ["d/x"]), Line("(cd d && ./x); ./y", ["d/x", "y"]),
        Line("cd d\n./x\n", ["d/x"]), Line("echo \"$(cd d && ./x)\"; ./y", ["d/x", "y"]),
        Line("mkdir d && cd d && ./x", ["d/x", "x"]),
        Line("if test -e a; then cd d; fi; ./x", ["d/x", "x"]),
        Line("bash -c \"cd d && ./x\"", ["d/x"]), Line("env -C d ./x; ./y", ["d/x", "y"]),
        Line("env --chdir=d ./x; sudo -D e ./y", ["d/x", "e/y"]),
        Line("(for ((i=0; i<3; i++)); do ./x; done; cd d); ./y", ["x", "y"]),
        Line("cd $D && ./x", ["x"], unknown: ["./x"]),
    ]

    private static let written: [Line] = [
        Line("cat in > out; sh out", []), Line("gcc -o t t.c && ./t", []),
        Line("cp a.sh b.sh && sh b.sh", []), Line("tee s.sh; sh s.sh", []),
        Line("cat > s.sh <<'E'\nbin/q\nE\nsh s.sh", []),
    ]

    private static let untold: [Line] = [
        Line("$DIR/x", [], unknown: ["$DIR/x"]), Line("\"$CMD\" a", [], unknown: ["\"$CMD\""]),
        Line("eval \"$X\"", [], unknown: ["\"$X\""]), Line("bin/*", [], unknown: ["bin/*"]),
        Line("${SHELL:-/bin/sh} -e bin/x", ["bin/x"], unknown: ["${SHELL:-/bin/sh}"]),
        Line("$PYTHON tool.py out", ["tool.py"], unknown: ["$PYTHON"]),
        Line("sh \"$S\"", [], unknown: ["\"$S\""]), Line("bin/$N.sh", [], unknown: ["bin/$N.sh"]),
    ]

    @Test(
        "programs, scripts of interpreters, directories, what the line writes itself, and what nobody can tell",
        arguments: programs + interpreters + directories + written + untold)
    func lines(line: Line) {
        let found = CommandScripts(of: .shell(line.text), shell: ["/bin/sh", "-c"])
        #expect(found.paths.filter { !$0.hasPrefix("/") } == line.scripts)
        #expect(found.unknown == line.unknown)
        // A shell that is started by its words reads the same.
        let words = CommandScripts(of: .arguments(["bash", "-c", line.text]), shell: [])
        #expect(words.paths == found.paths)
    }

    @Test("a list of words is no shell's, and a line for another language is none either")
    func words() {
        let list = CommandScripts(of: .arguments(["python3", "-u", "t.py", "a"]), shell: [])
        #expect(list.paths == ["t.py"])
        #expect(
            CommandScripts(of: .arguments(["bin/x", ">", "bin/y"]), shell: []).paths == ["bin/x"])
        #expect(CommandScripts(of: .shell("a/b"), shell: ["python3", "-c"]).paths.isEmpty)
        #expect(
            CommandScripts(of: .shell("a/b"), shell: ["bash", "-euo", "pipefail", "-c"]).paths
                == ["a/b"])
        #expect(
            CommandScripts(of: .shell("a/b"), shell: ["bin/sh", "-c"]).paths == ["bin/sh", "a/b"])
    }

    @Test("paths are those of the project, by where the step runs")
    func places() {
        let paths = ["x", "../y", "../../z", "/r/a/b", "/q", "x"]
        #expect(
            CommandScripts.located(paths, in: "d", root: "/r") == ["d/x", "y", "a/b"])
        #expect(CommandScripts.located(paths, in: nil, root: "/r") == ["x", "a/b"])
        #expect(CommandScripts.located(["x"], in: "/r/e", root: "/r") == ["e/x"])
    }

    @Test("a path grows no longer than the system takes, and is not known from there on")
    func deepDirectories() {
        let deep = String(repeating: "cd d; ", count: 30_000)
        let found = CommandScripts(of: .shell(deep + "./x; cd /e; ./y"), shell: ["/bin/sh", "-c"])
        #expect(found.paths == ["/e/y"])
        #expect(found.unknown == ["./x"])
    }

    @Test("no text takes the reader down, or long", .timeLimit(.minutes(20)))
    func anything() {
        let pieces = [
            "bin/x ", "'", "\"", "$(", "`", ")", "(", "{", "}", "<<E", "\nE\n", "\n", "case x in ",
            "esac ", ";;", "if ", "fi ", "done ", "do ", "for f in ", "|", "&&", "||", "&", ">",
            "<",
            "<(", "$((", "))", "${", "$", "\\", "[[ ", "]]", "cd d ", "sh -c '", "eval ", "#", "~",
            "=", "a=(", "env ", "timeout 5 ", "function f ", "f() ", " ", "\0", "é", "make ",
            "python3 -", "cat ", "trap '", "find -exec ",
        ]
        var generator = SeededGenerator(seed: 11)
        var most = 0
        for _ in 0..<5000 {
            let count = Int.random(in: 0..<30, using: &generator)
            let text = (0..<count).map { _ in
                pieces.randomElement(using: &generator) ?? ""
            }.joined()
            let found = CommandScripts(of: .shell(text), shell: ["/bin/sh", "-c"])
            most = max(most, found.paths.count)
        }
        #expect(most > 3)
        for piece in pieces + ["cd d; ", "cd d || ", "(cd d; "] {
            let text = String(repeating: piece, count: 4000)
            _ = CommandScripts(of: .shell(text), shell: ["sh", "-c"])
        }
    }
}
