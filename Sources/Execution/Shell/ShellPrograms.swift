/// A command of a line, split into words and redirections.
struct SimpleCommand {
    var words: ArraySlice<ShellWord.Part>
    /// The target of its standard input.
    var input: ShellWord.Part?
    /// The files of a `cat` in front of its pipe.
    var piped: [ShellWord.Part] = []
}

/// Determines which words of a command name a program, or a script for one.
extension ShellReader {
    /// Reads the words of a command that is started without a shell.
    mutating func take(_ words: [String]) {
        let parts = words.map { text in
            ShellWord.Part(value: Array(text.utf8), text: text, isQuoted: true)
        }
        _ = take(SimpleCommand(words: parts[...]))
    }

    /// Reads a command.
    ///
    /// - Returns: Whether it is a shell that reads its standard input.
    mutating func take(_ command: SimpleCommand) -> Bool {
        var words = command.words
        while let first = words.first, first.isAssignment,
            !first.isQuoted || first.isShellAssignment
        {
            words.removeFirst()
        }
        let readsInput = takeProgram(words)
        if readsInput {
            if let input = command.input {
                if input.isText {
                    if input.isLiteral { read(input.value) }
                } else {
                    noteScript(input)
                }
            }
            for file in command.piped where file.value.first != UInt8(ascii: "-") {
                noteScript(file)
            }
        }
        if !words.isEmpty, !words[words.startIndex].isHarmless { isFirst = false }
        return readsInput
    }

    /// Reads the words from the program on.
    private mutating func takeProgram(_ words: ArraySlice<ShellWord.Part>) -> Bool {
        guard let first = words.first, nesting < Self.maxNesting else { return false }
        nesting += 1
        defer { nesting -= 1 }
        let rest = words.dropFirst()
        guard let program = first.literal else {
            noteUnknown(first)
            takeScript(ofUnknown: rest)
            return false
        }
        if found.first == nil { found.first = program }
        if program.utf8.contains(UInt8(ascii: "/")) {
            noteScript(first)
        } else if found.programs.count < Self.maxFound, !found.programs.contains(program) {
            found.programs.append(program)
        }
        let name = ShellPath.name(of: program)
        if let wrapper = ShellWrapper.all[name] { return take(wrapper, rest) }
        if let interpreter = ShellInterpreter.named(name) {
            return take(interpreter, rest)
        }
        switch name {
        case "cd", "pushd", "chdir": changeDirectory(rest)
        case "popd": scope.isLost = true
        case ".", "source": if let script = rest.first { noteScript(script) }
        case "eval": takeText(rest)
        case "trap": takeTrap(rest)
        case "find": takeFind(rest)
        case "stepvisor": takeLock(rest)
        case "make", "gmake": takeMake(rest)
        case "tee": rest.forEach { noteWritten($0) }
        case "cp", "mv", "install", "ln":
            if let target = rest.last, rest.count > 1 { noteWritten(target) }
        default: if Self.runners.contains(name) { return takeRunner(rest) }
        }
        takeOutputs(rest)
        return false
    }

    /// Reads a command whose program is unknown before a run: it is often an interpreter (`$PYTHON
    /// tool.py`), so a first operand that looks like a path is taken as its script.
    private mutating func takeScript(ofUnknown words: ArraySlice<ShellWord.Part>) {
        let isOption = { (word: ShellWord.Part) in word.value.first == UInt8(ascii: "-") }
        guard let script = words.first(where: { !isOption($0) }), let path = script.literal,
            path.contains("/") || path.contains(".")
        else { return }
        noteScript(script)
    }

    private mutating func noteWritten(_ word: ShellWord.Part) {
        if let path = word.literal, !path.hasPrefix("-") { noteWritten(path) }
    }

    /// The output files of a compiler or a similar tool.
    private mutating func takeOutputs(_ words: ArraySlice<ShellWord.Part>) {
        var isNext = false
        for word in words {
            guard let text = word.literal else {
                isNext = false
                continue
            }
            if isNext { noteWritten(text) }
            isNext = text == "-o" || text == "--output"
            if text.hasPrefix("--output=") { noteWritten(String(text.dropFirst(9))) }
            if text.hasPrefix("-o"), text.utf8.count > 2 { noteWritten(String(text.dropFirst(2))) }
        }
    }

    // MARK: Programs that start others

    /// Programs that run another one in their own environment, given behind `run` or `exec`.
    private static let runners: Set<String> = [
        "uv", "poetry", "pipenv", "pdm", "hatch", "rye", "conda", "mamba", "micromamba", "bundle",
        "npm", "pnpm", "yarn", "mise", "asdf", "dotenv", "doppler", "aws-vault", "op", "direnv",
    ]

    private mutating func takeRunner(_ words: ArraySlice<ShellWord.Part>) -> Bool {
        guard
            let start = words.firstIndex(where: {
                $0.isAnyOf(["run", "exec", "--"])
            })
        else { return false }
        var rest = words[words.index(after: start)...]
        while let first = rest.first, first.value.first == UInt8(ascii: "-") { rest.removeFirst() }
        return takeProgram(rest)
    }

    private mutating func take(
        _ wrapper: ShellWrapper, _ words: ArraySlice<ShellWord.Part>
    ) -> Bool {
        var rest = words
        var operands = wrapper.operands
        let outer = scope
        while let word = rest.first {
            guard let text = word.literal else {
                // An assignment may have any value; in the place of the program it is still an
                // assignment.
                guard operands > 0 || wrapper.takesAssignments && word.isAssignment else { break }
                operands -= word.isAssignment ? 0 : 1
                rest.removeFirst()
                continue
            }
            if text == "--" {
                rest.removeFirst()
                if operands == 0 { break }
            } else if text.hasPrefix("-"), text.utf8.count > 1 {
                rest.removeFirst()
                if wrapper.stops.contains(text) { return false }
                if wrapper.texts.contains(text), let line = rest.first {
                    takeText([line])
                    return false
                }
                if wrapper.directories.contains(text), let value = rest.popFirst() {
                    changeDirectory([value])
                } else if wrapper.values.contains(text) {
                    _ = rest.popFirst()
                } else if let value = word.value(ofOptionIn: wrapper.directories) {
                    changeDirectory([value])
                }
            } else if wrapper.takesAssignments, word.isAssignment {
                rest.removeFirst()
            } else if operands > 0 {
                operands -= 1
                rest.removeFirst()
            } else {
                break
            }
        }
        let readsInput = takeProgram(rest)
        if !wrapper.directories.isEmpty { scope = outer }
        return readsInput
    }

    private mutating func takeFind(_ words: ArraySlice<ShellWord.Part>) {
        var rest = words
        while let start = rest.firstIndex(where: {
            $0.isAnyOf(["-exec", "-execdir", "-ok", "-okdir"])
        }) {
            let command = rest[rest.index(after: start)...].prefix { !$0.isAnyOf([";", "+"]) }
            _ = takeProgram(command)
            rest = rest[command.endIndex...]
        }
    }

    /// Reads a command that runs with a lock held: `stepvisor lock NAME -- COMMAND`.
    private mutating func takeLock(_ words: ArraySlice<ShellWord.Part>) {
        guard words.first?.isAnyOf(["lock"]) == true,
            let start = words.firstIndex(where: { $0.isAnyOf(["--"]) })
        else { return }
        _ = takeProgram(words[words.index(after: start)...])
    }

    // MARK: Texts and directories

    /// Words that a shell joins and parses again.
    private mutating func takeText(_ words: ArraySlice<ShellWord.Part>) {
        var text: [UInt8] = []
        for word in words {
            guard word.isLiteral else {
                noteUnknown(word)
                return
            }
            text += word.value + [UInt8(ascii: " ")]
        }
        read(text, keepingScope: true)
    }

    private mutating func takeTrap(_ words: ArraySlice<ShellWord.Part>) {
        guard words.count > 1, let line = words.first, line.isLiteral else { return }
        read(line.value)
    }

    private mutating func changeDirectory(_ words: ArraySlice<ShellWord.Part>) {
        let target = words.first { !$0.isAnyOf(["-P", "-L", "-e", "--", "-n"]) }
        guard let path = target?.literal, path != "-", !path.isEmpty else {
            scope.isLost = true
            return
        }
        var directories =
            path.hasPrefix("/")
            ? [ShellPath.joined("", path)] : scope.directories.map { ShellPath.joined($0, path) }
        if isOptional { directories += scope.directories }
        var known: [String] = []
        for directory in directories where !known.contains(directory) { known.append(directory) }
        // No system accepts longer paths, and each further `cd` would cost as much as all before
        // it.
        guard known.allSatisfy({ $0.utf8.count <= ShellPath.maxBytes }) else {
            scope = ShellReader.Scope(directories: [], isLost: true)
            return
        }
        scope.directories = Array(known.prefix(8))
        if path.hasPrefix("/"), !isOptional { scope.isLost = false }
    }

    // MARK: Interpreters

    private mutating func take(
        _ interpreter: ShellInterpreter, _ words: ArraySlice<ShellWord.Part>
    ) -> Bool {
        var rest = words
        var hasScript = false
        while let word = rest.popFirst() {
            guard let text = word.literal else {
                if word.value.first == UInt8(ascii: "-") { continue }
                if !hasScript, interpreter.takesScript { noteUnknown(word) }
                return false
            }
            if text == "-" { return interpreter.isShell }
            if text == "--" {
                if interpreter.takesScript, let script = rest.first { noteScript(script) }
                return false
            }
            guard text.hasPrefix("-") || interpreter.isShell && text.hasPrefix("+") else {
                guard interpreter.takesScript, !hasScript else { return false }
                if interpreter.subcommands.contains(text) { continue }
                if interpreter.ending.isEmpty || text.hasSuffix(interpreter.ending) {
                    noteScript(word)
                }
                return false
            }
            switch interpreter.meaning(of: text) {
            case .code:
                if interpreter.isShell,
                    let line = rest.first(where: { $0.value.first != UInt8(ascii: "-") })
                {
                    if line.isLiteral { read(line.value) } else { noteUnknown(line) }
                }
                return false
            case .module:
                if let module = rest.first?.literal { noteModule(module) }
                return false
            case .input: return true
            case .value: _ = rest.popFirst()
            case .script:
                if let script = rest.popFirst() { noteScript(script) }
                hasScript = true
            case .attached(let path):
                noteScript(ShellWord.Part(value: Array(path.utf8), text: path))
                hasScript = true
            case .flag: break
            }
        }
        return interpreter.isShell
    }

    /// Records a module that an interpreter finds by its name: `python3 -m package.module`.
    private mutating func noteModule(_ module: String) {
        let path = module.split(separator: ".").joined(separator: "/")
        for name in ["\(path).py", "\(path)/__main__.py"] {
            noteScript(ShellWord.Part(value: Array(name.utf8), text: name))
        }
    }

    /// Reads a `make`, which finds its file by default; a command before it may have just created
    /// that file.
    private mutating func takeMake(_ words: ArraySlice<ShellWord.Part>) {
        let outer = scope
        var rest = words
        var files: [ShellWord.Part] = []
        while let word = rest.popFirst() {
            guard let text = word.literal else { continue }
            if text == "-C" || text == "--directory", let value = rest.popFirst() {
                changeDirectory([value])
            } else if let value = word.value(ofOptionIn: ["-C", "--directory"]) {
                changeDirectory([value])
            } else if ["-f", "--file", "--makefile"].contains(text), let value = rest.popFirst() {
                files.append(value)
            } else if let value = word.value(ofOptionIn: ["-f", "--file", "--makefile"]) {
                files.append(value)
            }
        }
        if files.isEmpty, isFirst {
            files = ["GNUmakefile", "makefile", "Makefile"].map {
                ShellWord.Part(value: Array($0.utf8), text: $0)
            }
        }
        for file in files where file.literal != "-" { noteScript(file) }
        scope = outer
    }
}

extension ShellWord.Part {
    func isAnyOf(_ words: Set<String>) -> Bool { literal.map { words.contains($0) } ?? false }

    /// The value of one of these options in the same word: `-Cd`, `--directory=d`.
    fileprivate func value(ofOptionIn options: Set<String>) -> ShellWord.Part? {
        guard let text = literal else { return nil }
        for option in options {
            let start = option.hasPrefix("--") ? option + "=" : option
            guard text.hasPrefix(start), text.utf8.count > start.utf8.count else { continue }
            let value = String(text.dropFirst(start.count))
            return ShellWord.Part(value: Array(value.utf8), text: value)
        }
        return nil
    }

    /// An assignment of which only the value is quoted.
    var isShellAssignment: Bool { isAssignment && !text.hasPrefix("\"") && !text.hasPrefix("'") }

    /// Whether the command never creates files, whatever its arguments.
    fileprivate var isHarmless: Bool {
        isAnyOf([
            "cd", "set", "export", "echo", ":", "true", "test", "[", "umask", "ulimit", "unset",
            "make", "gmake", "exec", "env", "nice", "time",
        ])
    }
}
