/// What the steps of a model's world do: as lines for the shell, and as an observer knows it.
extension ModelWorld {
    /// A step that writes what it reads, line by line, behind the names of the files.
    struct Step {
        /// What it is called; may change.
        var id: String
        /// Names its files, and stays.
        var name: String
        /// As declared, without exclusions; empty for a step that always runs.
        var inputs: [String] = []
        /// A path that is excluded although it is included.
        var excluded: String?
        /// Read without being declared, which only a step without inputs may do.
        var secret: String?
        /// A file that its command gives to an interpreter, and that it need not declare.
        var script: String?
        /// How the command names the script.
        var syntax = 0
        /// Whether what it writes is among its inputs, and is none.
        var namesOwn = false
        /// Names of steps that stand before it.
        var dependencies: [String] = []
        var output = Output.file
        /// Changes the command, and what it writes.
        var salt = 0
        /// The value of a variable of its own.
        var variable = 0
        /// Whether what it writes first can be executed.
        var isProgram = false
        /// Whether it reads a variable from outside, and says so.
        var inherits = false
        /// Decides where in the workflow it stands.
        var rank = 0

        /// Its patterns of outputs.
        var outputs: [String] {
            switch output {
            case .file: ["out/\(name)"]
            case .pattern: ["out/\(name).*"]
            case .linked: ["out/\(name).l", "out/\(name).x"]
            case .tree: ["out/\(name).d"]
            case .undeclared, .nothing: []
            }
        }

        /// What another step may declare, to read what this one writes.
        var readings: [String] {
            switch output {
            case .file, .pattern: outputs
            case .linked: ["out/\(name).l", "out/\(name).*"]
            case .tree: ["out/\(name).d", "out/\(name).d/"]
            case .undeclared: ["side/\(name)"]
            case .nothing: []
            }
        }

        /// The file that it writes first.
        var first: String {
            switch output {
            case .file: "out/\(name)"
            case .pattern, .linked: "out/\(name).x"
            case .tree: "out/\(name).d/x"
            case .undeclared: "side/\(name)"
            case .nothing: "/dev/null"
            }
        }
    }

    enum Output: CaseIterable {
        /// One file by its name.
        case file
        /// Two files by a pattern.
        case pattern
        /// A file, and a link that leads to it.
        case linked
        /// A directory, with a file and an empty directory in it.
        case tree
        /// One file that is not declared.
        case undeclared
        /// No file at all.
        case nothing
    }

    static func isMatched(_ path: String, by pattern: String) -> Bool {
        if pattern.hasSuffix("/") { return path.hasPrefix(pattern) }
        guard let star = pattern.firstIndex(of: "*") else {
            return path == pattern || path.hasPrefix(pattern + "/")
        }
        let (head, tail) = (pattern[..<star], pattern[pattern.index(after: star)...])
        return path.hasPrefix(head) && path.hasSuffix(tail)
            && path.utf8.count >= pattern.utf8.count - 1
            && !path.dropFirst(head.count).contains("/")
    }

    /// What a step reads, by what it declares: each once, a directory that it names among it.
    func reads(_ step: Step) -> [String] {
        let own = Set(outputs(of: step))
        let read = files.nodes.keys.filter { path in
            if let script = step.script, Self.isMatched(path, by: script) { return true }
            return path != step.excluded && !own.contains(path)
                && step.inputs.contains {
                    Self.isMatched(path, by: $0) || $0 == path + "/" && files[path] == .directory
                }
        }
        return (read + ModelFiles.directories.filter { step.inputs.contains($0) }).sorted()
    }

    /// What there is of what a step declares to write.
    func outputs(of step: Step) -> [String] {
        files.nodes.keys.filter { path in
            step.outputs.contains { Self.isMatched(path, by: $0) }
        }
    }

    /// How the shell goes through what a step reads.
    private func words(of step: Step) -> [String] {
        let words = step.inputs.map { pattern in
            if pattern.hasSuffix("/") { return pattern + "*" }
            let isDirectory = ModelFiles.directories.contains(pattern) || pattern.hasSuffix(".d")
            return isDirectory ? pattern + "/*" : pattern
        }
        return words + (step.secret.map { [$0] } ?? [])
    }

    /// How the command starts the script, which has no effect but that of being one.
    private func call(of step: Step) -> String {
        guard let script = step.script else { return ":" }
        let (directory, name) = (script.prefix { $0 != "/" }, script.drop { $0 != "/" }.dropFirst())
        return switch step.syntax {
        case 0: "awk -f \(script) < /dev/null 2> /dev/null | cat"
        case 1: "(cd \(directory) && nice awk -f ./\(name) < /dev/null > /dev/null 2>&1) || :"
        case 2: "X=\"$(A=1 awk -f '\(script)' < /dev/null 2>&1)\""
        case 3: "if ! env A=1 awk -f \(script) < /dev/null > /dev/null 2>&1; then :; fi"
        default: "sh -c \"timeout 9 awk -f \(script) < /dev/null 2> /dev/null\" || :"
        }
    }

    /// What a step does to the files that are there.
    func work(of step: Step, on files: inout ModelFiles) {
        guard step.output != .nothing else { return }
        var text = "\(step.salt) \(step.variable)"
        text += (step.inherits ? " \(inherited ?? "unset")." : "") + "\n"
        var count = 0
        // As the shell goes through the patterns: those of a directory by name, one after the other.
        for pattern in words(of: step) {
            for path in files.nodes.keys.sorted()
            where path != step.excluded && !path.hasPrefix(pattern + "/")
                && Self.isMatched(path, by: pattern)
            {
                guard let content = files.text(of: path) else { continue }
                count += 1
                for line in content.split(separator: "\n") { text += "\(path)=\(line)\n" }
            }
        }
        if step.output == .tree { prepareTree(of: step, in: &files) }
        files.put(.file(text, isExecutable: step.isProgram), at: step.first)
        switch step.output {
        case .pattern: files.put(.file("\(count)\n"), at: "out/\(step.name).y")
        case .linked: files.put(.link("\(step.name).x"), at: "out/\(step.name).l")
        case .tree:
            let empty = "out/\(step.name).d/e"
            if files[empty] != .directory { files.put(.directory, at: empty) }
        case .file, .undeclared, .nothing: break
        }
    }

    /// What a step does to the files when it dies in the middle.
    func fail(_ step: Step, on files: inout ModelFiles) {
        guard step.output != .nothing else { return }
        if step.output == .tree { prepareTree(of: step, in: &files) }
        files.put(.file("half\n"), at: step.first)
    }

    private func prepareTree(of step: Step, in files: inout ModelFiles) {
        let path = "out/\(step.name).d"
        if files[path] != .directory { files.put(.directory, at: path) }
    }

    /// The line of shell that does the same, mostly with what is built into the shell.
    func command(of step: Step) -> String {
        let (name, first) = (step.name, step.first)
        let (prepared, last) =
            switch step.output {
            case .file, .undeclared: ("new \(first)", ":")
            case .nothing: (":", ":")
            case .pattern: ("new \(first)", "new out/\(name).y; echo $n > out/\(name).y")
            case .linked:
                (
                    "new \(first)",
                    "[ -L out/\(name).l ] || rm -rf out/\(name).l; ln -sfn \(name).x out/\(name).l"
                )
            case .tree: ("dir out/\(name).d; new \(first)", "dir out/\(name).d/e")
            }
        return """
            echo \(name) >> ran
            new() { if [ -L "$1" ] || [ -d "$1" ]; then rm -rf "$1"; fi; }
            dir() { [ -d "$1" ] && [ ! -L "$1" ] || { rm -rf "$1"; mkdir "$1"; }; }
            [ -d out ] || mkdir -p out
            \(prepared)
            \(call(of: step))
            if [ -e crash-\(name) ]; then echo half > \(first); \(crash); fi
            if [ -e edit-\(name) ]; then
              { read -r p; read -r t; } < edit-\(name); echo "$t" > "$p"
            fi
            n=0
            { echo "\(step.salt) $V\(step.inherits ? " ${E-unset}." : "")"
            for f in \(words(of: step).joined(separator: " ")); do
              if [ -f "$f" ] && [ "$f" != '\(step.excluded ?? "")' ]; then
                n=$((n+1)); while read -r l; do echo "$f=$l"; done < "$f"
              fi
            done; } > \(first)
            \(step.isProgram ? "chmod 755 \(first)" : ":")
            \(last)
            """
    }
}
