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
        for ingredient in self {
            for text in [ingredient.name, ingredient.value] {
                Swift.withUnsafeBytes(of: UInt64(text.utf8.count).bigEndian) {
                    bytes.append(contentsOf: $0)
                }
                bytes.append(contentsOf: text.utf8)
            }
        }
        var hash = SHA256()
        hash.update(bytes)
        return hash
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
    /// Keeps secrets from being guessed by their digests: first of every list; none where it is nil.
    private let key: String?
    private let secrets: Set<String>
    /// Which variables steps inherit; nil where they inherit all.
    private let passed: FingerprintPart?

    /// Lists for the steps of a plan; `inherited` answers for `env_inputs`.
    public init(plan: RunPlan, inherited: [String: String], key: String? = nil) {
        self.plan = plan
        self.inherited = inherited
        self.key = key
        common = Dictionary(
            plan.resolved.workflow.environment.map { ($0.name, $0.value) },
            uniquingKeysWith: { $1 })
        secrets = Set(plan.resolved.workflow.execution.secrets)
        passed = plan.resolved.workflow.execution.passEnvironment.map { names in
            let texts = Set(names.map { Array($0.utf8) }).sorted {
                $0.lexicographicallyPrecedes($1)
            }
            return FingerprintPart(
                "pass_environment",
                texts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " "))
        }
    }

    /// What is started, and where.
    public func command(of index: Int) -> [FingerprintPart] {
        let step = plan.resolved.workflow.steps[index]
        var list = keyed
        if let command = plan.command(of: index) {
            if command.needsShell { list += shell }
            list += command.ingredients
        }
        // Every step is told its id, and one command may serve many by it.
        list.append(FingerprintPart("id", step.id.rawValue))
        if step.command == nil {
            // A runner is told by this what it is to do.
            list.append(FingerprintPart("description", step.description))
            if step.hasRecovery, let words = step.recovery.primaryMethod {
                list.append(FingerprintPart("primary_method", words))
            }
        }
        if let directory = step.workingDirectory {
            list.append(FingerprintPart("working_directory", directory))
        }
        return list
    }

    /// What else it is told, what it waits for, and what it is to leave behind.
    public func settings(of index: Int) -> [FingerprintPart] {
        let step = plan.resolved.workflow.steps[index]
        var list = keyed + environment(of: step)
        let dependencies = plan.resolved.graph.dependencies(of: index)
        list += dependencies.map { plan.resolved.workflow.steps[$0].id.rawValue }.sorted()
            .map { FingerprintPart("dependency", $0) }
        list += step.outputFiles.map { FingerprintPart("output_files", $0.text) }
        list += step.modifies.map { FingerprintPart("modifies", $0.text) }
        if let expected = step.expectedOutput {
            list.append(FingerprintPart("expected_output", expected))
        }
        list += gating(of: step.gating)
        if step.hasRecovery { list += backups(of: index) }
        if step.gating.verify != nil, plan.command(of: index)?.needsShell != true { list += shell }
        if let names = passed { list.append(names) }
        return list
    }

    /// The other methods by which it may come to a success, each with what it is told.
    private func backups(of index: Int) -> [FingerprintPart] {
        var list: [FingerprintPart] = []
        for (place, backup) in plan.resolved.workflow.steps[index].recovery.backups.enumerated() {
            // Words for a runner that is not there are passed over.
            guard let command = plan.command(of: index, by: .backup(place + 1)) else { continue }
            let name = "backup \(place + 1)"
            if command.needsShell { list += shell }
            list += command.ingredients.map { FingerprintPart("\(name) \($0.name)", $0.value) }
            if backup.command == nil {
                list.append(FingerprintPart("\(name) description", backup.description ?? ""))
            }
        }
        return list
    }

    private var shell: [FingerprintPart] {
        plan.resolved.workflow.execution.shell.map { FingerprintPart("shell", $0) }
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
        let settings = settings(of: index).dropFirst(keyed.count)
        return command(of: index)
            + settings.compactMap { ingredient in
                switch ingredient.name {
                case "condition", "dependency": nil
                case "tools":
                    FingerprintPart(
                        "tools \(ingredient.value)",
                        answers[Array(ingredient.value.utf8)] ?? "no answer")
                default: ingredient
                }
            }
    }

    private var keyed: [FingerprintPart] { key.map { [FingerprintPart("key", $0)] } ?? [] }

    private func environment(of step: Step) -> [FingerprintPart] {
        var values = common
        for variable in step.environment { values[variable.name] = variable.value }
        guard !values.isEmpty else { return [] }
        return values.sorted { $0.key < $1.key }.map { name, value in
            FingerprintPart("environment \(name)", secrets.contains(name) ? "" : value)
        }
    }

    private func gating(of gating: Step.Gating) -> [FingerprintPart] {
        var list: [FingerprintPart] = []
        if let condition = gating.condition { list.append(FingerprintPart("condition", condition)) }
        if let verify = gating.verify { list.append(FingerprintPart("verify", verify)) }
        if let pattern = gating.successPattern {
            list.append(FingerprintPart("success_pattern", pattern))
        }
        list += gating.environmentInputs.map { name in
            // A variable that is not set differs from one that is empty.
            let value = inherited[name].map { secrets.contains(name) ? "=" : "=" + $0 }
            return FingerprintPart("env_inputs \(name)", value ?? "")
        }
        list += gating.tools.map { FingerprintPart("tools", $0) }
        return list
    }
}

extension Command {
    fileprivate var needsShell: Bool {
        if case .shell = self { true } else { false }
    }

    fileprivate var ingredients: [FingerprintPart] {
        switch self {
        case .arguments(let words): words.map { FingerprintPart("argument", $0) }
        case .shell(let line): [FingerprintPart("line", line)]
        case .script(let path): [FingerprintPart("script", path)]
        }
    }
}
