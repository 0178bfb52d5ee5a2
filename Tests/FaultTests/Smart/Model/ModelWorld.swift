import TestSupport

/// A random workflow over small files, what is on its disk, and what an observer who sees everything
/// knows of it: the oracle of the model test, which shares nothing with what it judges.
struct ModelWorld {
    /// What the observer knows of a step's last start.
    enum Memory: Hashable {
        case none
        case interrupted
        /// Somebody asked to forget it.
        case forgotten
        /// It is not known what it was made from: something changed while it ran.
        case moved
        /// From all that it depended on, it left these outputs; marked, where somebody only said so.
        case done(key: String, outputs: [String: String], isMarked: Bool)
    }

    /// What steps have written included.
    var files = ModelFiles()
    /// Each behind those that it needs.
    var steps: [Step] = []
    /// Steps that were taken out of the workflow, and may come back.
    var removed: [Step] = []
    /// By id.
    var memories: [String: Memory] = [:]
    /// By id, what its last success left; somebody may have changed it since.
    private var left: [String: [String: String]] = [:]
    /// The value of a variable that steps inherit.
    var inherited: String?
    /// What a step does instead of its work while its crash file is there.
    let crash: String
    var generator: SeededGenerator
    /// Every content that a source has had.
    var history: [String: [String]] = [:]
    /// How people had left the world before each run.
    private(set) var past: [Past] = []
    /// Where outputs are kept, and which; nil where nothing ever is.
    var cache: ModelCache?
    /// Whether the next run uses it.
    var usesCache = false
    /// Whether its steps name their files one by one, and so can be known by looks alone.
    private let isPlain: Bool
    /// Tells apart whatever is numbered.
    private var counter = 0

    init(seed: UInt64, crash: String) {
        generator = SeededGenerator(seed: seed)
        self.crash = crash
        isPlain = Int.random(in: 0..<3, using: &generator) == 0
        if chance(5) || chance(2) { cache = ModelCache() }
        for directory in ModelFiles.directories {
            for name in ["a.t", "b.t", "c.u"] where Bool.random(using: &generator) {
                files.put(.file(newText(of: "\(directory)/\(name)")), at: "\(directory)/\(name)")
            }
        }
        files.put(.file(newText(of: "d0/a.t")), at: "d0/a.t")
        if chance(2) { files.put(.link("../d0/a.t"), at: "d1/b.t") }
        if chance(4) { files.put(.link("../d2/c.u"), at: "d2/a.t") }
        // Small ones more often: they cost less, and show most.
        let (one, other) = (chooseCount(), chooseCount())
        for _ in 0..<min(one, other) { addStep() }
    }

    /// What people have made of a world, once.
    struct Past {
        var sources: [String: ModelNode]
        var steps: [Step]
        var inherited: String?
    }

    /// Keeps how the world is now.
    mutating func keepPast() {
        let sources = files.nodes.filter { $0.key.hasPrefix("d") }
        past.append(Past(sources: sources, steps: steps, inherited: inherited))
    }

    /// Makes of the sources, and of steps that need what they needed, what they were once.
    mutating func goBack(in root: String) throws {
        guard let past = one(of: past) else { return }
        for path in sources where past.sources[path] == nil && files[path] != nil {
            try files.put(nil, at: path, in: root)
        }
        for (path, node) in past.sources.sorted(by: { $0.key < $1.key }) where files[path] != node {
            try files.put(node, at: path, in: root)
            if files[path] != node { files.toggleExecution(of: path, in: root) }
        }
        for index in steps.indices {
            guard var old = past.steps.first(where: { $0.name == steps[index].name }),
                old.dependencies == steps[index].dependencies
            else { continue }
            // What it read of a step that it does not need any more may be written at the same time.
            let others = steps.filter { !old.dependencies.contains($0.name) }.flatMap(\.readings)
            if old.inputs.contains(where: { others.contains($0) }) { continue }
            (old.id, old.rank) = (steps[index].id, steps[index].rank)
            steps[index] = old
        }
        inherited = past.inherited
    }

    // MARK: - Random choices

    mutating func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &generator) == 0 }

    mutating func one<Element>(of list: [Element]) -> Element? {
        list.randomElement(using: &generator)
    }

    mutating func number() -> Int {
        counter += 1
        return counter
    }

    /// A new content, mostly of the length of others, so that no size tells of a change.
    mutating func newText(of path: String) -> String {
        let text = "v\(Int.random(in: 100...999, using: &generator))\n"
        history[path, default: []].append(text)
        return text
    }

    /// What is in the directories that no step writes to.
    var sources: [String] { files.nodes.keys.filter { $0.hasPrefix("d") }.sorted() }

    var sourceFiles: [String] { sources.filter { files[$0]?.isFile == true } }

    /// What is in the directory that steps write to.
    var written: [String] { files.nodes.keys.filter { $0.hasPrefix("out/") }.sorted() }

    private mutating func chooseCount() -> Int { Int.random(in: 3...8, using: &generator) }

    /// Adds a step that no other needs yet.
    mutating func addStep() {
        let name = "s\(number())"
        var step = Step(id: name, name: name, rank: steps.count)
        // A step that is taken from the cache leaves nothing but what it declares.
        let outputs = ModelWorld.Output.allCases.filter {
            $0 != (cache == nil ? .nothing : .undeclared)
                && (!isPlain || $0 != .pattern && $0 != .linked && $0 != .tree)
        }
        step.output = one(of: outputs) ?? .file
        step.inherits = chance(isPlain ? 6 : 3)
        step.isProgram = step.output != .nothing && chance(4)
        for other in steps where chance(3) { step.dependencies.append(other.name) }
        if chance(4) {
            step.script = "d\(Int.random(in: 0...2, using: &generator))/c.u"
            step.syntax = Int.random(in: 0...4, using: &generator)
        }
        step.namesOwn = chance(4)
        if chance(6) {
            step.secret = "d\(Int.random(in: 0...2, using: &generator))/a.t"
        } else {
            chooseInputs(of: &step)
        }
        steps.append(step)
    }

    mutating func chooseInputs(of step: inout Step) {
        let directory = one(of: ModelFiles.directories) ?? "d0"
        let choices = isPlain ? ["/a.t", "/b.t"] : ["/a.t", "/b.t", "/*.t", "/", "/*", ""]
        step.inputs = [directory + (one(of: choices) ?? "/")]
        if chance(2) { step.inputs.append("d\(Int.random(in: 0...2, using: &generator))/b.t") }
        step.excluded = chance(4) ? "\(directory)/b.t" : nil
        for name in step.dependencies where !chance(4) {
            guard let other = self.step(named: name), let input = one(of: other.readings) else {
                continue
            }
            step.inputs.append(input)
        }
    }

    func step(named name: String) -> Step? { steps.first { $0.name == name } }

    // MARK: - What has to run

    /// What a step has produced, for those that need it; nil where nobody knows.
    private func product(of step: Step) -> String? {
        guard step.outputs.isEmpty else {
            return "\(identities(outputs(of: step)).sorted { $0.key < $1.key })"
        }
        guard case .done(let key, _, _)? = memories[step.id] else { return nil }
        return key
    }

    private func identities(_ paths: [String]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: paths.map { ($0, files.identity(of: $0)) })
    }

    private func needs(of step: Step) -> [Step] {
        step.dependencies.compactMap { self.step(named: $0) }.sorted { $0.id < $1.id }
    }

    /// Everything that the result of a step depends on; its id too, which it is told.
    func key(of step: Step) -> String {
        let read = reads(step).map { "\($0)=\(files.identity(of: $0))" }
        let needs = needs(of: step).map { "\($0.id):\(product(of: $0) ?? "unknown")" }
        let outside = step.inherits ? inherited ?? "unset" : ""
        let own = "\(step.id)|\(command(of: step))"
        return "\(own)|\(step.variable)|\(outside.debugDescription)|\(read)|\(needs)"
    }

    /// Whether a step has to run as things are.
    func isDue(_ step: Step) -> Bool {
        guard !step.inputs.isEmpty, case .done(let key, let left, _)? = memories[step.id] else {
            return true
        }
        return key != self.key(of: step) || left != identities(outputs(of: step))
    }

    /// Whether what somebody only said to be done still counts.
    func isMarked(_ step: Step) -> Bool {
        if case .done(_, _, true)? = memories[step.id] { !isDue(step) } else { false }
    }

    // MARK: - What happens

    /// A step does its work.
    ///
    /// - Parameters:
    ///   - step: The step.
    ///   - edit: A path and a content that somebody puts there just before the step reads.
    mutating func run(_ step: Step, editing edit: (path: String, text: String)? = nil) {
        let key = key(of: step)
        let fitted = fits(step, key)
        if let edit { files.put(.file(edit.text), at: edit.path) }
        work(of: step, on: &files)
        let before = memories[step.id]
        let isKnown = edit == nil && needs(of: step).allSatisfy { product(of: $0) != nil }
        memories[step.id] =
            isKnown
            ? .done(key: key, outputs: identities(outputs(of: step)), isMarked: false) : .moved
        if isKnown { left[step.id] = identities(outputs(of: step)) }
        guard usesCache, isKnown, !step.inputs.isEmpty else { return }
        let nodes = outputs(of: step).map { ($0, files[$0] ?? .directory) }
        cache?.keep(
            Dictionary(uniqueKeysWithValues: nodes), of: key,
            wasLookedAt: before != .forgotten, fitted: fitted)
    }

    /// A step dies in the middle of its work.
    mutating func die(_ step: Step) {
        fail(step, on: &files)
        memories[step.id] = .interrupted
    }

    /// Somebody asks to forget a step.
    mutating func forget(_ step: Step) { memories[step.id] = .forgotten }

    /// Somebody says that a step is done.
    ///
    /// - Returns: Whether that can be: what it has to write is there, and it is known what the steps
    ///   that it needs have produced.
    mutating func mark(_ step: Step) -> Bool {
        let isThere = step.outputs.allSatisfy { pattern in
            outputs(of: step).contains { path in
                (pattern == path || pattern.contains("*") && Self.isMatched(path, by: pattern))
                    && files.destination(of: path) != nil
            }
        }
        let isKnown = needs(of: step).allSatisfy { product(of: $0) != nil }
        guard !step.inputs.isEmpty, isThere, isKnown else { return false }
        memories[step.id] = .done(
            key: key(of: step), outputs: identities(outputs(of: step)), isMarked: true)
        left[step.id] = identities(outputs(of: step))
        return true
    }

    /// What the cache has to do for a step that is due.
    func offer(for step: Step) -> ModelCache.Offer {
        guard usesCache, let cache, !step.inputs.isEmpty, memories[step.id] != .forgotten else {
            return .none
        }
        let key = key(of: step)
        return fits(step, key) ? cache.offer(for: key) : .none
    }

    /// Whether what is kept can be put in place: all that would be too much is what the step's last
    /// success left there.
    private func fits(_ step: Step, _ key: String) -> Bool {
        guard let cache else { return true }
        return cache.fits(key, files)
            && strays(of: step, key).allSatisfy { left[step.id]?[$0] == files.identity(of: $0) }
    }

    /// What there is of a step's outputs that is not in what is kept.
    private func strays(of step: Step, _ key: String) -> [String] {
        outputs(of: step).filter { cache?.holds($0, of: key) == false }
    }

    /// What was kept of a step is put in its place.
    mutating func restore(_ step: Step) {
        let key = key(of: step)
        for path in strays(of: step, key) { files.put(nil, at: path) }
        for (path, node) in (cache?.take(key) ?? [:]).sorted(by: { $0.key < $1.key }) {
            if node != .directory || files[path] != .directory { files.replace(node, at: path) }
        }
        memories[step.id] = .done(
            key: key, outputs: identities(outputs(of: step)), isMarked: false)
        left[step.id] = identities(outputs(of: step))
    }
}
