/// A program that starts another one, given as its arguments.
struct ShellWrapper: Sendable {
    /// Options that take the next word.
    var values: Set<String> = []
    /// Options after which no program follows.
    var stops: Set<String> = []
    /// Options whose value is a shell line.
    var texts: Set<String> = []
    /// Options whose value is the working directory of the program.
    var directories: Set<String> = []
    /// Whether assignments may precede the program.
    var takesAssignments = false
    /// Number of operands before the program.
    var operands = 0

    static let all: [String: ShellWrapper] = [
        "env": .init(
            values: ["-u", "--unset"], texts: ["-S", "--split-string"],
            directories: ["-C", "--chdir"], takesAssignments: true),
        "nice": .init(values: ["-n", "--adjustment"]),
        "time": .init(values: ["-f", "-o", "--format", "--output"]),
        "timeout": .init(values: ["-k", "-s", "--kill-after", "--signal"], operands: 1),
        "gtimeout": .init(values: ["-k", "-s", "--kill-after", "--signal"], operands: 1),
        "nohup": .init(), "setsid": .init(), "chronic": .init(), "unbuffer": .init(),
        "builtin": .init(), "busybox": .init(), "coproc": .init(), "caffeinate": .init(),
        "xvfb-run": .init(values: ["-n", "-s", "-e", "-f", "-p", "-w"]),
        "command": .init(stops: ["-v", "-V"]),
        "exec": .init(values: ["-a"]),
        "stdbuf": .init(values: ["-i", "-o", "-e"]),
        "ionice": .init(values: ["-c", "-n"]), "chrt": .init(operands: 1),
        "taskset": .init(operands: 1), "numactl": .init(),
        "sudo": .init(
            values: [
                "-u", "-g", "-h", "-p", "-C", "-r", "-t", "-T", "-U", "-R", "--user", "--group",
            ], stops: ["-l", "-v", "-k", "-K", "-V"], directories: ["-D", "--chdir"],
            takesAssignments: true),
        "doas": .init(values: ["-u", "-C"]),
        "xargs": .init(values: ["-I", "-n", "-P", "-L", "-d", "-E", "-s", "-a"]),
        "flock": .init(values: ["-w", "-E", "--timeout"], texts: ["-c"], operands: 1),
        "strace": .init(values: ["-o", "-e", "-p", "-s", "-P", "-u", "-E"]),
        "ltrace": .init(values: ["-o", "-e", "-p", "-s"]), "valgrind": .init(),
        "unshare": .init(), "chroot": .init(operands: 1), "dbus-run-session": .init(),
        "systemd-inhibit": .init(), "systemd-run": .init(values: ["-p", "-u", "-E"]),
        "parallel": .init(values: ["-j", "-a"]), "ts": .init(), "proot": .init(),
    ]
}

/// A program that reads a script.
struct ShellInterpreter: Sendable {
    /// Options that take the next word.
    var values: Set<String> = []
    /// Options whose value is code instead of a script.
    var codes: Set<String> = []
    /// Options whose value is a script.
    var scripts: Set<String> = []
    /// Option letters whose value is code, also when grouped behind one `-`.
    var codeLetters: Set<Character> = []
    /// Option letters whose value is in the same word.
    var attachedLetters: Set<Character> = []
    /// Words that may precede the script.
    var subcommands: Set<String> = []
    /// The file ending that distinguishes a script from a subcommand.
    var ending = ""
    /// Whether the first operand is a script.
    var takesScript = true
    var isShell = false
    var hasModules = false

    /// What an option says about the words after it.
    enum Meaning { case flag, value, code, script, attached(String), input, module }

    func meaning(of option: String) -> Meaning {
        if codes.contains(option) { return .code }
        if scripts.contains(option) { return .script }
        if values.contains(option) { return .value }
        if hasModules, option == "-m" { return .module }
        for script in scripts where !script.hasPrefix("--") && script.utf8.count == 2 {
            if option.hasPrefix(script) { return .attached(String(option.dropFirst(2))) }
        }
        for script in scripts where script.hasPrefix("--") && option.hasPrefix(script + "=") {
            return .attached(String(option.dropFirst(script.utf8.count + 1)))
        }
        guard !option.hasPrefix("--") else { return .flag }
        let letters = option.dropFirst()
        if let first = letters.first, attachedLetters.contains(first) { return .flag }
        if letters.contains(where: { codeLetters.contains($0) }) { return .code }
        guard isShell else { return .flag }
        if option.hasPrefix("-"), letters.contains("s") { return .input }
        return letters.last == "o" || letters.last == "O" ? .value : .flag
    }

    static func named(_ name: String) -> ShellInterpreter? {
        if let found = all[name] { return found }
        // A version may follow: `python3.12`, `lua5.4`.
        var stem = Substring(name)
        while let last = stem.last, last == "." || last == "-" || last.isNumber {
            stem.removeLast()
        }
        return stem.utf8.count < name.utf8.count ? versioned[String(stem)] : nil
    }

    private static let shell = ShellInterpreter(
        values: ["--rcfile", "--init-file"], codeLetters: ["c"], isShell: true)
    private static let python = ShellInterpreter(
        values: ["-W", "-X", "-Q", "--check-hash-based-pycs"], codeLetters: ["c"],
        attachedLetters: ["W", "X"], hasModules: true)
    private static let perl = ShellInterpreter(
        values: ["-I"], codeLetters: ["e", "E"],
        attachedLetters: ["I", "M", "m", "C", "D", "x", "F"])
    private static let ruby = ShellInterpreter(
        values: ["-I", "-r", "-C", "-E"], codeLetters: ["e"],
        attachedLetters: ["I", "r", "C", "E", "W", "K", "F"])
    private static let node = ShellInterpreter(
        values: ["-r", "--require", "--import", "--loader", "--experimental-loader", "-C"],
        codes: ["-e", "-p", "-pe", "--eval", "--print"])
    private static let lua = ShellInterpreter(values: ["-l"], codes: ["-e"])
    private static let php = ShellInterpreter(
        values: ["-d", "-c", "-t"], codes: ["-r", "-R", "-B", "-E"], scripts: ["-f"])
    private static let awk = ShellInterpreter(
        values: ["-F", "-v"], scripts: ["-f", "--file"], takesScript: false)

    private static let versioned: [String: ShellInterpreter] = [
        "python": python, "pypy": python, "perl": perl, "ruby": ruby, "lua": lua, "php": php,
        "node": node, "bash": shell,
    ]

    private static let all: [String: ShellInterpreter] = [
        "sh": shell, "bash": shell, "dash": shell, "zsh": shell, "ksh": shell, "mksh": shell,
        "ash": shell, "fish": shell, "rbash": shell, "yash": shell,
        "python": python, "python3": python, "pypy3": python, "perl": perl, "ruby": ruby,
        "node": node, "nodejs": node, "tsx": node, "ts-node": node, "lua": lua, "luajit": lua,
        "php": php, "awk": awk, "gawk": awk, "mawk": awk, "nawk": awk,
        "sed": .init(values: ["-e"], scripts: ["-f", "--file"], takesScript: false),
        "gsed": .init(values: ["-e"], scripts: ["-f", "--file"], takesScript: false),
        "jq": .init(scripts: ["-f", "--from-file"], takesScript: false),
        "psql": .init(
            values: ["-d", "-U", "-h", "-p", "-c", "-v"], scripts: ["-f", "--file"],
            takesScript: false),
        "java": .init(scripts: ["-jar"], takesScript: false),
        "cmake": .init(scripts: ["-P"], takesScript: false),
        "Rscript": .init(codes: ["-e"]), "deno": .init(subcommands: ["run", "test"]),
        "bun": .init(subcommands: ["run", "test"], ending: ".ts"),
        "swift": .init(ending: ".swift"), "tclsh": .init(), "wish": .init(),
        "expect": .init(values: ["-c"], scripts: ["-f"]), "bats": .init(),
        "julia": .init(codes: ["-e"]),
        "elixir": .init(codes: ["-e"]), "groovy": .init(codes: ["-e"]),
        "guile": .init(codes: ["-c"]),
        "osascript": .init(codes: ["-e"]), "gnuplot": .init(codes: ["-e"]),
        "pwsh": .init(codes: ["-c", "-Command"], scripts: ["-File", "-f"]),
        "sbcl": .init(scripts: ["--script", "--load"], takesScript: false),
        "just": .init(scripts: ["-f", "--justfile"], takesScript: false),
        "ninja": .init(scripts: ["-f"], takesScript: false),
    ]
}
