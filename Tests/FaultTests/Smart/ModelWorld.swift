import Execution
import TestSupport
import WorkflowModel

/// A random workflow over small files, what is on its disk, and what an observer who sees everything
/// knows of it: the oracle of the model test, which shares nothing with what it judges.
struct ModelWorld {
    /// A step that writes what it reads, line by line, behind the names of the files.
    struct Step {
        var id: String
        /// As declared, without exclusions; empty for a step that always runs.
        var inputs: [String] = []
        /// A path that is excluded although it is included.
        var excluded: String?
        /// Read without being declared, which only a step without inputs may do.
        var secret: String?
        var dependencies: [Int] = []
        var output = Output.file
        /// Changes the command, and what it writes.
        var salt = 0
        /// The value of a variable of its own.
        var variable = 0
    }

    enum Output: CaseIterable {
        /// One file by its name.
        case file
        /// Two files by a pattern.
        case pattern
        /// One file that is not declared.
        case undeclared
    }

    /// What the observer knows of a step's last start.
    enum Memory: Hashable {
        case none
        case interrupted
        /// From all that it depended on it made all these files.
        case done(key: String, files: [String: String])
    }

    /// Content by path, what steps have written included.
    var files: [String: String] = [:]
    var steps: [Step] = []
    var memories: [Memory] = []
    /// What a step does instead of its work while its crash file is there.
    let crash: String
    var generator: SeededGenerator
    /// Every content that a source has had.
    var history: [String: [String]] = [:]

    static let directories = ["d0", "d1", "d2"]

    init(seed: UInt64, crash: String) {
        generator = SeededGenerator(seed: seed)
        self.crash = crash
        for directory in Self.directories {
            for name in ["a.t", "b.t", "c.u"] where Bool.random(using: &generator) {
                put("\(directory)/\(name)")
            }
        }
        put("d0/a.t")
        // Small ones more often: they cost less, and show most.
        let (one, other) = (chooseCount(), chooseCount())
        for index in 0..<min(one, other) { addStep(index) }
        memories = steps.map { _ in .none }
    }

    // MARK: - Random choices

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &generator) == 0 }

    mutating func one<Element>(of list: [Element]) -> Element? {
        list.randomElement(using: &generator)
    }

    /// A new content, mostly of the length of others, so that no size tells of a change.
    mutating func put(_ path: String) {
        let text = "v\(Int.random(in: 100...999, using: &generator))\n"
        files[path] = text
        history[path, default: []].append(text)
    }

    var sources: [String] { files.keys.filter { $0.hasPrefix("d") }.sorted() }

    private mutating func addStep(_ index: Int) {
        var step = Step(id: "s\(index)")
        step.output = one(of: Output.allCases) ?? .file
        for other in 0..<index where chance(3) { step.dependencies.append(other) }
        if chance(6) {
            step.secret = "d\(Int.random(in: 0...2, using: &generator))/a.t"
        } else {
            chooseInputs(of: &step)
        }
        steps.append(step)
    }

    private mutating func chooseCount() -> Int { Int.random(in: 3...8, using: &generator) }

    mutating func chooseInputs(of step: inout Step) {
        let directory = one(of: Self.directories) ?? "d0"
        step.inputs = [
            one(of: ["a.t", "b.t", "*.t", "", "*"]).map { "\(directory)/\($0)" } ?? "d0/"
        ]
        if chance(2) { step.inputs.append("d\(Int.random(in: 0...2, using: &generator))/b.t") }
        step.excluded = chance(4) ? "\(directory)/b.t" : nil
        for other in step.dependencies where !chance(4) {
            let name = steps[other].id
            let input =
                switch steps[other].output {
                case .file: "out/\(name)"
                case .pattern: "out/\(name).*"
                case .undeclared: "side/\(name)"
                }
            step.inputs.append(input)
        }
    }

    // MARK: - What steps do

    static func isMatched(_ path: String, by pattern: String) -> Bool {
        if pattern.hasSuffix("/") { return path.hasPrefix(pattern) }
        guard let star = pattern.firstIndex(of: "*") else { return path == pattern }
        let (head, tail) = (pattern[..<star], pattern[pattern.index(after: star)...])
        return path.hasPrefix(head) && path.hasSuffix(tail)
            && path.utf8.count >= pattern.utf8.count - 1
            && !path.dropFirst(head.count).contains("/")
    }

    /// The files that a step reads, each once.
    func reads(_ step: Step) -> [String] {
        files.keys.filter { path in
            path != step.excluded && step.inputs.contains { Self.isMatched(path, by: $0) }
        }.sorted()
    }

    /// What a step writes from what is there.
    func written(by step: Step) -> [String: String] {
        var text = "\(step.salt) \(step.variable)\n"
        // As the shell goes through the patterns: those of a directory by name, one after the other.
        var paths: [String] = []
        for pattern in step.inputs + (step.secret.map { [$0] } ?? []) {
            paths += files.keys.filter {
                $0 != step.excluded && Self.isMatched($0, by: pattern)
            }.sorted()
        }
        for path in paths {
            for line in files[path, default: ""].split(separator: "\n") {
                text += "\(path)=\(line)\n"
            }
        }
        return switch step.output {
        case .file: ["out/\(step.id)": text]
        case .undeclared: ["side/\(step.id)": text]
        case .pattern: ["out/\(step.id).x": text, "out/\(step.id).y": "\(paths.count)\n"]
        }
    }

    /// The line of shell that does the same, with nothing but what is built into the shell.
    func command(of step: Step) -> String {
        let path = (step.output == .undeclared ? "side/" : "out/") + step.id
        let first = step.output == .pattern ? path + ".x" : path
        let words = step.inputs.map { $0.hasSuffix("/") ? $0 + "*" : $0 }
        let read = (words + (step.secret.map { [$0] } ?? [])).joined(separator: " ")
        return """
            echo \(step.id) >> ran
            if [ -e crash-\(step.id) ]; then echo half > \(first); \(crash); fi
            n=0
            { echo "\(step.salt) $V"
            for f in \(read); do
              if [ -f "$f" ] && [ "$f" != '\(step.excluded ?? "")' ]; then
                n=$((n+1)); while read -r l; do echo "$f=$l"; done < "$f"
              fi
            done; } > \(first)
            \(step.output == .pattern ? "echo $n > \(path).y" : ":")
            """
    }

    // MARK: - What has to run

    /// What a step has produced, for those that need it; nil where nobody knows.
    private func product(of index: Int) -> String {
        let step = steps[index]
        guard step.output == .undeclared else {
            return "\(outputs(of: step).sorted { $0.key < $1.key })"
        }
        guard case .done(let key, _) = memories[index] else { return "unknown" }
        return key
    }

    private func outputs(of step: Step) -> [String: String] {
        switch step.output {
        case .file: files.filter { $0.key == "out/\(step.id)" }
        case .pattern: files.filter { $0.key.hasPrefix("out/\(step.id).") }
        case .undeclared: [:]
        }
    }

    /// Everything that the result of a step depends on.
    func key(of index: Int) -> String {
        let step = steps[index]
        let read = reads(step).map { "\($0)=\(files[$0, default: ""])" }
        let needs = step.dependencies.map { "\($0):\(product(of: $0))" }
        return "\(command(of: step))|\(step.variable)|\(read)|\(needs)"
    }

    /// Whether a step has to run as things are.
    func isDue(_ index: Int) -> Bool {
        guard !steps[index].inputs.isEmpty, case .done(let key, let left) = memories[index] else {
            return true
        }
        return key != self.key(of: index) || left != outputs(of: steps[index])
    }

    /// A step has done its work.
    mutating func run(_ index: Int) {
        let key = key(of: index)
        for (path, text) in written(by: steps[index]) { files[path] = text }
        memories[index] = .done(key: key, files: outputs(of: steps[index]))
    }

    /// A step has died in the middle of it.
    mutating func die(_ index: Int) {
        let step = steps[index]
        let path = (step.output == .undeclared ? "side/" : "out/") + step.id
        files[step.output == .pattern ? path + ".x" : path] = "half\n"
        memories[index] = .interrupted
    }
}
