import WorkflowModel

/// What one file that a step reads or writes was.
public struct FileContent: Hashable, Sendable {
    /// Relative to the project root, or absolute where it was declared so; bytes, not text.
    public var path: [UInt8]
    /// What it is: file, link, directory, and whether it can be executed; compared, never read.
    public var kind: UInt8
    /// Of its content; of a link its text, and the content of the file that it leads to.
    public var digest: Digest

    /// A file as it was.
    public init(path: [UInt8], kind: UInt8, digest: Digest) {
        self.path = path
        self.kind = kind
        self.digest = digest
    }

    /// The path as it is shown and recorded, no two alike.
    public var name: String { DisplayText.fileName(path) }
}

/// What a step that another needs has produced.
public struct OutputDigest: Hashable, Sendable {
    /// The id of the step that produced it.
    public var step: String
    /// Over the contents of what it wrote.
    public var digest: Digest

    /// A product.
    public init(step: String, digest: Digest) {
        self.step = step
        self.digest = digest
    }

    /// The digest of what a step has produced.
    ///
    /// - Parameters:
    ///   - outputs: What its declared outputs are now, sorted by path; nil of a step that declares none,
    ///     which produces the same from the same, as far as anybody knows.
    ///   - fingerprint: What it was made from.
    ///   - result: Of what it wrote to `STEPVISOR_OUTPUT`; nil for nothing.
    /// - Returns: The digest.
    public static func digest(
        outputs: [FileContent]?, fingerprint: Digest, result: Digest?
    ) -> Digest {
        var hash = SHA256()
        if let outputs {
            hash.update(number: UInt64(outputs.count))
            for file in outputs { hash.update(file) }
        } else {
            hash.update(fingerprint.bytes)
        }
        if let result { hash.update(result.bytes) }
        return Digest(hash)
    }

    /// The digest of what a step has produced that declares no outputs, has no success to show, and does
    /// not run: nothing.
    ///
    /// - Parameter run: The run that it was last started in, whose effects nobody knows; nil where it
    ///   never was.
    /// - Returns: The digest; always the same where it was never started.
    public static func nothing(startedIn run: String?) -> Digest {
        var hash = SHA256()
        hash.update(framed: "nothing")
        if let run { hash.update(framed: run) }
        return Digest(hash)
    }
}

/// All that a step's result depends on, at one moment: one value feeds the fingerprint and the
/// explanation of a difference, so that they cannot drift apart.
public struct Fingerprint: Hashable, Sendable {
    /// What the workflow says of it, the environment and the tools included; secrets are masked.
    public var declared: [FingerprintPart]
    /// Of the same before it was masked.
    public var declaredDigest: Digest
    /// The files that it reads, its own script among them; sorted by path.
    public var files: [FileContent]
    /// What the steps that it needs have produced, in the order of their ids.
    public var products: [OutputDigest]

    /// What a step is made from.
    public init(
        declared: [FingerprintPart], declaredDigest: Digest, files: [FileContent],
        products: [OutputDigest]
    ) {
        self.declared = declared
        self.declaredDigest = declaredDigest
        self.files = files
        self.products = products
    }

    /// The SHA-256 of it all, each part framed by its length.
    public var fingerprint: Digest {
        var hash = SHA256()
        hash.update(declaredDigest.bytes)
        hash.update(number: UInt64(files.count))
        for file in files { hash.update(file) }
        hash.update(number: UInt64(products.count))
        for product in products {
            hash.update(framed: product.step)
            hash.update(product.digest.bytes)
        }
        return Digest(hash)
    }

    /// What of it differs from an earlier moment; empty when nothing does.
    public func causes(since old: Fingerprint) -> [RunReason] {
        var causes: [RunReason] = []
        if declaredDigest != old.declaredDigest {
            causes += IngredientDifference(from: old.declared, to: declared).causes
        }
        let changed = FileContent.changes(from: old.files, to: files)
        if !changed.isEmpty { causes.append(RunReason(.inputsChanged, changed)) }
        let differing = productChanges(since: old)
        if !differing.isEmpty { causes.append(RunReason(.dependencyDiffers, differing)) }
        return causes
    }

    private func productChanges(since old: Fingerprint) -> [RunReason.Detail] {
        let before = Dictionary(
            old.products.map { ($0.step, $0.digest) }, uniquingKeysWith: { $1 })
        var changes = products.compactMap { product -> RunReason.Detail? in
            guard let digest = before[product.step] else {
                return .init(product.step, change: "new")
            }
            return digest == product.digest ? nil : .init(product.step)
        }
        let now = Set(products.map(\.step))
        changes += old.products.filter { !now.contains($0.step) }
            .map { .init($0.step, change: "removed") }
        return changes
    }
}

extension SHA256 {
    fileprivate mutating func update(_ file: FileContent) {
        update(number: UInt64(file.path.count))
        update(file.path)
        update([file.kind])
        update(file.digest.bytes)
    }
}

/// What differs between two lists of what a workflow says of a step.
private struct IngredientDifference {
    let old: [FingerprintPart]
    let new: [FingerprintPart]

    init(from old: [FingerprintPart], to new: [FingerprintPart]) {
        self.old = old
        self.new = new
    }

    /// Never empty: a difference that is in no text is one in what is kept secret.
    var causes: [RunReason] {
        var causes: [RunReason] = []
        let (before, now) = (command(in: old), command(in: new))
        if !before.utf8.elementsEqual(now.utf8) {
            causes.append(RunReason(.commandChanged, [.init("", old: before, new: now)]))
        }
        let (left, right) = (Self.named(old), Self.named(new))
        var found: [RunReason.Kind: [RunReason.Detail]] = [:]
        let names = Set(left.keys).union(right.keys).sorted { $0.lexicographicallyPrecedes($1) }
        for name in names where left[name]?.bytes != right[name]?.bytes {
            let (kind, subject) = Self.subject(of: String(decoding: name, as: UTF8.self))
            found[kind, default: []].append(
                .init(subject, old: left[name]?.text, new: right[name]?.text))
        }
        for kind in [RunReason.Kind.settingChanged, .environmentChanged, .toolChanged] {
            if let details = found[kind] { causes.append(RunReason(kind, details)) }
        }
        return causes.isEmpty
            ? [RunReason(.settingChanged, [.init("something that is kept secret")])] : causes
    }

    private static let commandNames: Set<String> = ["argument", "line", "script"]

    /// The command in one line.
    private func command(in list: [FingerprintPart]) -> String {
        list.filter { Self.commandNames.contains($0.name) }
            .map { $0.name == "argument" ? ShellWord.quoted($0.value) : $0.value }
            .joined(separator: " ")
    }

    /// The others by name; several of one name, as patterns are, in one text.
    private static func named(_ list: [FingerprintPart]) -> [[UInt8]: Value] {
        Dictionary(
            list.compactMap { ingredient in
                if commandNames.contains(ingredient.name) { return nil }
                let name = Array(ingredient.name.utf8)
                guard ingredient.name.hasPrefix("env_inputs ") else {
                    return (name, Value(text: ingredient.value))
                }
                // One that is not set is empty there; one that is begins with `=`.
                return ingredient.value.isEmpty
                    ? nil : (name, Value(text: String(ingredient.value.dropFirst())))
            },
            uniquingKeysWith: { Value(text: "\($0.text) \($1.text)") })
    }

    private struct Value {
        var text: String
        var bytes: [UInt8] { Array(text.utf8) }
    }

    private static func subject(of name: String) -> (RunReason.Kind, String) {
        for (prefix, kind) in [
            ("environment ", RunReason.Kind.environmentChanged),
            ("env_inputs ", .environmentChanged), ("tools ", .toolChanged),
        ] where name.hasPrefix(prefix) {
            return (kind, String(name.dropFirst(prefix.count)))
        }
        return (.settingChanged, name)
    }
}
