import Foundation
import TestSupport

/// What carries out a smart run of a world on its disk.
protocol ModelRunner {
    /// What a step does in the place of its work while its crash file is there.
    var crash: String { get }
    /// Whether what ended just before a crash may have been forgotten by it.
    var forgetsAtCrash: Bool { get }
    /// Runs what has to run; what that was is in the file `ran`.
    func run(_ world: ModelWorld, in root: String) throws
    /// Says that a step is done, and tells whether that was taken.
    func mark(_ id: String, of world: ModelWorld, in root: String) throws -> Bool
    /// Forgets a step.
    func forget(_ id: String, of world: ModelWorld, in root: String) throws
}

/// Random edits of one world, a smart run after each few, and what is to be true after each run.
struct ModelSequence {
    /// How often steps ran, were skipped, and were taken from the cache, over all runs.
    private(set) var ran = 0
    private(set) var skipped = 0
    private(set) var restored = 0
    private var world: ModelWorld
    private let root: String
    private let runner: any ModelRunner
    private let edits: [ModelEdit]
    /// What was done, to find out afterwards what went wrong.
    private var story: [String] = []
    /// Names of steps that may run once more although they need not.
    private var doubtful: Set<String> = []

    struct Failure: Error, CustomStringConvertible { var description: String }

    /// What happens to one step while it runs.
    private enum Mishap {
        case death(String)
        case edit(String, path: String, text: String)

        var step: String {
            switch self {
            case .death(let step), .edit(let step, _, _): step
            }
        }
    }

    init(
        seed: UInt64, runner: any ModelRunner, root: String, favouring favoured: [ModelEdit] = []
    ) throws {
        world = ModelWorld(seed: seed, crash: runner.crash)
        self.runner = runner
        self.root = root
        // What is undone counts most where something may be kept of it.
        let common = favoured + [.editWhileRunning, .editWhileRunning, .mark]
        let own: [ModelEdit] =
            world.cache == nil
            ? ModelEdit.allCases.filter { $0 != .damageCache && $0 != .clearCache }
            : ModelEdit.allCases + [.command, .removeOutput]
                + [.back, .back, .back, .wipe].flatMap { [$0, $0, $0] }
        edits = own + common
        try world.files.write(to: root)
    }

    /// Goes through a number of rounds.
    ///
    /// - Throws: ``Failure`` with the whole story where something is not as it has to be.
    mutating func go(rounds: Int) throws {
        try run()
        for _ in 0..<rounds { try goOn() }
    }

    /// Makes one edit or several, and a run after them.
    mutating func goOn() throws {
        var isLast = false
        for _ in 0..<4 where !isLast {
            let edit = world.one(of: edits) ?? .nothing
            story.append(try world.apply(edit, in: root))
            isLast = edit.isAboutStep || world.chance(2)
            if edit.isAboutStep { try happen(edit) }
        }
        try run()
    }

    /// What is about one step.
    private mutating func happen(_ edit: ModelEdit) throws {
        guard let index = world.steps.indices.randomElement(using: &world.generator) else { return }
        let step = world.steps[index]
        story.append("of \(step.name)")
        switch edit {
        case .forget:
            try runner.forget(step.id, of: world, in: root)
            world.forget(step)
        case .mark:
            let needs = step.dependencies.compactMap { world.step(named: $0) }
            // What those produce is kept only where something that is remembered needs them.
            if needs.contains(where: { $0.inputs.isEmpty && $0.outputs.isEmpty }) { return }
            let isMarked = try runner.mark(step.id, of: world, in: root)
            story.append(isMarked ? "taken" : "refused")
            guard world.mark(step) == isMarked else {
                throw failure("it is wrong that marking \(step.name) was as told")
            }
        case .crash:
            // What the step has succeeded from, before it died from something else, is no success.
            let path = reading(of: step)
            let old = path.flatMap { world.files[$0] }
            if let path {
                try world.files.put(.file(world.newText(of: path)), at: path, in: root)
            }
            try run(.death(step.name))
            if let path, let old {
                story.append("and \(path) back")
                try world.files.put(old, at: path, in: root)
            }
        default:
            guard let path = world.movable(for: step), case .file(let old, _)? = world.files[path]
            else { return }
            // It has not run with this command before.
            world.steps[index].salt = 10 + world.number()
            let text = String(repeating: "w", count: 4 + world.number())
            story.append("edits \(path)")
            try run(.edit(step.name, path: path, text: text + "\n"))
            if world.chance(2) { return }
            story.append("and back")
            try world.files.put(.file(old), at: path, in: root)
        }
    }

    /// A file that nobody but people writes, and that a step reads.
    private mutating func reading(of step: ModelWorld.Step) -> String? {
        let paths = world.reads(step).compactMap { world.files.destination(of: $0) }
        let sources = paths.filter { $0.hasPrefix("d") && world.files[$0]?.isFile == true }
        return world.chance(3) ? nil : world.one(of: sources)
    }

    // MARK: - One run

    private mutating func run(_ mishap: Mishap? = nil) throws {
        var flag: String?
        switch mishap {
        case nil: break
        case .death(let name):
            flag = "\(root)/crash-\(name)"
            try write("", to: flag)
        case .edit(let name, let path, let text):
            flag = "\(root)/edit-\(name)"
            try write("\(path)\n\(text)", to: flag)
        }
        world.usesCache = world.cache != nil && !world.chance(5)
        // Nobody knows how far one that is killed came with what it kept and put in place.
        if case .death? = mishap, runner.forgetsAtCrash { world.usesCache = false }
        if mishap == nil { world.keepPast() }
        unlink("\(root)/ran")
        try runner.run(world, in: root)
        if let flag { unlink(flag) }
        let log = (try? String(contentsOfFile: "\(root)/ran", encoding: .utf8)) ?? ""
        let started = log.split(separator: "\n").map(String.init)
        story.append(
            "run\(world.usesCache ? " with the cache" : ""): \(started.joined(separator: " "))")
        try follow(Set(started), count: started.count, mishap)
        if let difference = world.files.difference(from: root) { throw failure(difference) }
        if mishap == nil { try compareWithCleanRun() }
    }

    private func write(_ text: String, to path: String?) throws {
        guard let path, FileManager.default.createFile(atPath: path, contents: Data(text.utf8))
        else { throw Failure(description: "no flag") }
    }

    /// Does in the world what the run has done, and judges it step by step.
    private mutating func follow(_ started: Set<String>, count: Int, _ mishap: Mishap?) throws {
        guard started.count == count else { throw failure("a step ran twice") }
        var mayBeForgotten = false
        if case .death(let name)? = mishap {
            mayBeForgotten = runner.forgetsAtCrash && started.contains(name)
        }
        let wasDoubtful = doubtful
        doubtful = []
        var blocked: Set<String> = []
        for step in world.steps {
            let isDue = world.isDue(step)
            let offer = isDue ? world.offer(for: step) : .none
            guard started.contains(step.name) else {
                if step.dependencies.contains(where: { blocked.contains($0) }) {
                    blocked.insert(step.name)
                    skipped += 1
                } else if isDue, offer != .none {
                    world.restore(step)
                    restored += 1
                } else if isDue, !mayBeForgotten {
                    throw failure("\(step.name) was skipped and has to run")
                } else {
                    skipped += 1
                }
                continue
            }
            ran += 1
            guard isDue || wasDoubtful.contains(step.name) else {
                throw failure("\(step.name) ran and need not")
            }
            guard offer != .certain else { throw failure("\(step.name) ran, and was kept") }
            if mishap?.step == step.name, case .death? = mishap {
                world.die(step)
                blocked.insert(step.name)
            } else if case .edit(step.name, let path, let text)? = mishap {
                world.run(step, editing: (path, text))
            } else {
                world.run(step)
                if mayBeForgotten { doubtful.insert(step.name) }
            }
        }
    }

    /// Compares with a clean run of everything that knows nothing of the past, but that what somebody
    /// said to be done is right as it is.
    private func compareWithCleanRun() throws {
        var clean = world
        for step in clean.steps where !clean.isMarked(step) { clean.run(step) }
        for (path, node) in clean.files.nodes where world.files[path] != node {
            throw failure("\(path) would be `\(node)` after a clean run")
        }
    }

    private func failure(_ text: String) -> Failure {
        let steps = world.steps.map { step in
            "\(step.id) \(step.name) after \(step.dependencies): \(step.inputs) "
                + "\(step.excluded.map { "!" + $0 } ?? "") \(step.secret ?? "") -> \(step.output)"
        }
        let state = world.files.nodes.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return Failure(
            description: ([text] + story + steps + state).joined(separator: "\n  "))
    }
}
