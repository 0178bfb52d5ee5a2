import DependencyGraph
import WorkflowModel

/// One thing that a step's result depends on: what it is called, and what it was.
///
/// The list feeds both the hash and the explanation, so that they cannot drift apart.
public struct FingerprintPart: Hashable, Sendable {
    /// What it is: `working_directory`, `environment LANG`.
    public var name: String
    /// What it was; bytes that a person need not be able to read.
    public var value: String

    /// Names an ingredient.
    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// By bytes, as the hash takes them: two spellings of one letter are two texts.
    public static func == (a: FingerprintPart, b: FingerprintPart) -> Bool {
        a.name.utf8.elementsEqual(b.name.utf8) && a.value.utf8.elementsEqual(b.value.utf8)
    }
}

extension Sequence<FingerprintPart> {
    /// The list as one number: 64 bits of its SHA-256, each part framed by its length.
    public var digest: UInt64 { hashed.digest64() }

    /// The SHA-256 of the list, each part framed by its length.
    public var fullDigest: Digest { Digest(hashed) }

    private var hashed: SHA256 {
        // Gathered first: a hash fed word by word costs more than the words.
        var bytes: [UInt8] = []
        for ingredient in self { bytes.append(part: ingredient.name, ingredient.value) }
        var hash = SHA256()
        hash.update(bytes)
        return hash
    }
}

extension [UInt8] {
    /// Adds name and value of an ingredient as they are hashed: each after its length.
    fileprivate mutating func append(part name: String, _ value: String) {
        append(framed: name)
        append(framed: value)
    }

    private mutating func append(framed text: String) {
        Swift.withUnsafeBytes(of: UInt64(text.utf8.count).bigEndian) { append(contentsOf: $0) }
        append(contentsOf: text.utf8)
    }
}

extension SHA256 {
    /// Hashes a text and its length, so that `ab` + `c` differs from `a` + `bc`.
    public mutating func update(framed text: String) {
        update(number: UInt64(text.utf8.count))
        update(text)
    }

    /// Hashes a number as eight bytes.
    public mutating func update(number: UInt64) {
        withUnsafeBytes(of: number.bigEndian) { update($0) }
    }
}

/// Lists what a step's result depends on, but for the files that it reads.
///
/// The values of `secrets` are no ingredient: a key that was exchanged changes no result, and what
/// is not hashed cannot be guessed from a hash.
///
/// What only decides when, how often or how long a step runs (retries, timeouts, resources) is no
/// ingredient: a success would have been the same. Nor is what a step is told of the run itself (its
/// id, paths, attempt and method), or of the resources that it holds.
public struct StepIngredients: Sendable {
    private let plan: RunPlan
    private let inherited: [String: String]
    /// The `[environment]` table by name.
    private let common: [String: String]
    /// The same as ingredients, for the steps that add nothing to it.
    private let commonParts: [FingerprintPart]
    /// Keeps secrets from being guessed by their digests: first of every list; none where it is nil.
    private let key: String?
    private let secrets: Set<String>
    /// Which variables steps inherit; nil where they inherit all.
    private let passed: String?

    /// Takes one ingredient, by its name and value.
    private typealias Sink = (_ name: String, _ value: String) -> Void

    /// Lists for the steps of a plan; `inherited` answers for `env_inputs`.
    public init(plan: RunPlan, inherited: [String: String], key: String? = nil) {
        self.plan = plan
        self.inherited = inherited
        self.key = key
        common = Dictionary(
            plan.resolved.workflow.environment.map { ($0.name, $0.value) },
            uniquingKeysWith: { $1 })
        let secrets = Set(plan.resolved.workflow.execution.secrets)
        self.secrets = secrets
        commonParts = Self.environment(common, secrets)
        passed = plan.resolved.workflow.execution.passEnvironment.map { names in
            let texts = Set(names.map { Array($0.utf8) }).sorted {
                $0.lexicographicallyPrecedes($1)
            }
            return texts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
        }
    }

    private static func environment(
        _ values: [String: String], _ secrets: Set<String>
    ) -> [FingerprintPart] {
        values.sorted { $0.key < $1.key }.map { name, value in
            FingerprintPart("environment \(name)", secrets.contains(name) ? "" : value)
        }
    }

    private static func list(_ fill: (Sink) -> Void) -> [FingerprintPart] {
        var list: [FingerprintPart] = []
        fill { list.append(FingerprintPart($0, $1)) }
        return list
    }

    /// What is started, and where.
    public func command(of index: Int) -> [FingerprintPart] {
        Self.list { add in
            if let key { add("key", key) }
            addCommand(of: index, add)
        }
    }

    /// What else it is told, what it waits for, and what it is to leave behind.
    public func settings(of index: Int) -> [FingerprintPart] {
        Self.list { add in
            if let key { add("key", key) }
            addSettings(of: index, answers: nil, add)
        }
    }

    /// What a fingerprint is made from, beside files and what other steps produce.
    ///
    /// A condition only decides whether the step runs; which steps it needs counts by what they
    /// produce.
    ///
    /// - Parameters:
    ///   - index: The step.
    ///   - answers: What its tools say of themselves, by the bytes of the command.
    /// - Returns: The list, in an order that depends on the workflow alone.
    public func declared(of index: Int, answers: [[UInt8]: String]) -> [FingerprintPart] {
        Self.list { addDeclared(of: index, answers, $0) }
    }

    /// Adds the bytes of ``declared(of:answers:)`` whose SHA-256 is its digest, without making the list.
    public func appendDeclared(
        of index: Int, answers: [[UInt8]: String], to bytes: inout [UInt8]
    ) {
        addDeclared(of: index, answers) { bytes.append(part: $0, $1) }
    }

    private func addDeclared(of index: Int, _ answers: [[UInt8]: String], _ add: Sink) {
        if let key { add("key", key) }
        addCommand(of: index, add)
        addSettings(of: index, answers: answers, add)
    }

    // Asked piece by piece in all of these: a step is expensive to copy.

    private func addCommand(of index: Int, _ add: Sink) {
        if let command = plan.command(of: index) {
            if command.needsShell { addShell(add) }
            command.addIngredients(add)
        }
        let steps = plan.resolved.workflow.steps
        // Every step is told its id, and one command may serve many by it.
        add("id", steps[index].id.rawValue)
        if steps[index].command == nil {
            // A runner is told by this what it is to do.
            add("description", steps[index].description)
            if steps[index].hasRecovery, let words = steps[index].recovery.primaryMethod {
                add("primary_method", words)
            }
        }
        if let directory = steps[index].workingDirectory { add("working_directory", directory) }
    }

    /// With answers of tools only what counts for a fingerprint.
    private func addSettings(of index: Int, answers: [[UInt8]: String]?, _ add: Sink) {
        let steps = plan.resolved.workflow.steps
        addEnvironment(steps[index].environment, add)
        if answers == nil {
            let dependencies = plan.resolved.graph.dependencies(of: index)
            for id in dependencies.map({ steps[$0].id.rawValue }).sorted() { add("dependency", id) }
        }
        for pattern in steps[index].outputFiles { add("output_files", pattern.text) }
        for pattern in steps[index].modifies { add("modifies", pattern.text) }
        if let expected = steps[index].expectedOutput { add("expected_output", expected) }
        if steps[index].hasGating { addGating(steps[index].gating, answers, add) }
        if steps[index].hasRecovery { addBackups(of: index, add) }
        if steps[index].hasGating, steps[index].gating.verify != nil,
            plan.command(of: index)?.needsShell != true
        {
            addShell(add)
        }
        if let passed { add("pass_environment", passed) }
    }

    /// The other methods by which it may come to a success, each with what it is told.
    private func addBackups(of index: Int, _ add: Sink) {
        for (place, backup) in plan.resolved.workflow.steps[index].recovery.backups.enumerated() {
            // Words for a runner that is not there are passed over.
            guard let command = plan.command(of: index, by: .backup(place + 1)) else { continue }
            let name = "backup \(place + 1)"
            if command.needsShell { addShell(add) }
            command.addIngredients { add("\(name) \($0)", $1) }
            if backup.command == nil {
                add("\(name) description", backup.description ?? "")
            }
        }
    }

    private func addShell(_ add: Sink) {
        for word in plan.resolved.workflow.execution.shell { add("shell", word) }
    }

    private func addEnvironment(_ own: [EnvironmentVariable], _ add: Sink) {
        guard !own.isEmpty else {
            for part in commonParts { add(part.name, part.value) }
            return
        }
        var values = common
        for variable in own { values[variable.name] = variable.value }
        for part in Self.environment(values, secrets) { add(part.name, part.value) }
    }

    private func addGating(_ gating: Step.Gating, _ answers: [[UInt8]: String]?, _ add: Sink) {
        if answers == nil, let condition = gating.condition { add("condition", condition) }
        if let verify = gating.verify { add("verify", verify) }
        if let pattern = gating.successPattern { add("success_pattern", pattern) }
        for name in gating.environmentInputs {
            // A variable that is not set differs from one that is empty.
            let value = inherited[name].map { secrets.contains(name) ? "=" : "=" + $0 }
            add("env_inputs \(name)", value ?? "")
        }
        for tool in gating.tools {
            if let answers {
                add("tools \(tool)", answers[Array(tool.utf8)] ?? "no answer")
            } else {
                add("tools", tool)
            }
        }
    }
}

extension Command {
    fileprivate var needsShell: Bool {
        if case .shell = self { true } else { false }
    }

    fileprivate func addIngredients(_ add: (_ name: String, _ value: String) -> Void) {
        switch self {
        case .arguments(let words): for word in words { add("argument", word) }
        case .shell(let line): add("line", line)
        case .script(let path): add("script", path)
        }
    }
}
