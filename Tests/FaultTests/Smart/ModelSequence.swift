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
    /// Forgets a step.
    func forget(_ id: String, of world: ModelWorld, in root: String) throws
}

/// Random edits of one world, a smart run after each, and what is to be true after each run.
struct ModelSequence {
    /// How often steps ran and were skipped, over all runs.
    private(set) var ran = 0
    private(set) var skipped = 0
    private var world: ModelWorld
    private let root: String
    private let runner: any ModelRunner
    /// What was done, for whoever has to find out what went wrong.
    private var story: [String] = []
    /// Steps that may run once more although they need not.
    private var doubtful: Set<Int> = []

    struct Failure: Error, CustomStringConvertible { var description: String }

    init(seed: UInt64, runner: any ModelRunner, root: String) throws {
        world = ModelWorld(seed: seed, crash: runner.crash)
        self.runner = runner
        self.root = root
        try world.create(in: root)
    }

    /// Goes through a number of edits.
    ///
    /// - Throws: ``Failure`` with the whole story where something is not as it has to be.
    mutating func go(edits: Int) throws {
        try run(crashing: nil)
        var isPending = false
        for _ in 0..<edits {
            let edit = world.one(of: ModelEdit.allCases) ?? .nothing
            let (text, step) = try world.apply(edit, in: root)
            story.append(text)
            // Several edits between two runs happen, too.
            isPending = edit != .crash && edit != .forget && world.chance(4)
            if isPending { continue }
            if edit == .forget, let step {
                try runner.forget(world.steps[step].id, of: world, in: root)
                world.memories[step] = .none
            }
            if edit == .crash, let step { try run(crashing: step) }
            try run(crashing: nil)
        }
        if isPending { try run(crashing: nil) }
    }

    private mutating func run(crashing dying: Int?) throws {
        let flag = dying.map { "\(root)/crash-\(world.steps[$0].id)" }
        if let flag { try Data().write(to: URL(fileURLWithPath: flag)) }
        unlink("\(root)/ran")
        try runner.run(world, in: root)
        if let flag { unlink(flag) }
        let log = (try? String(contentsOfFile: "\(root)/ran", encoding: .utf8)) ?? ""
        let started = log.split(separator: "\n").map(String.init)
        story.append("run: \(started.joined(separator: " "))")
        try follow(Set(started), count: started.count, dying)
        try compare()
        if dying == nil { try compareWithCleanRun() }
    }

    /// Does in the world what the run has done, and judges it step by step.
    private mutating func follow(_ started: Set<String>, count: Int, _ dying: Int?) throws {
        guard started.count == count else { throw failure("a step ran twice") }
        let hasDied = dying.map { started.contains(world.steps[$0].id) } ?? false
        let wasDoubtful = doubtful
        doubtful = []
        var blocked: Set<Int> = []
        for (index, step) in world.steps.enumerated() {
            let isDue = world.isDue(index)
            guard started.contains(step.id) else {
                skipped += 1
                if !step.dependencies.allSatisfy({ !blocked.contains($0) }) {
                    blocked.insert(index)
                } else if isDue, !(hasDied && runner.forgetsAtCrash) {
                    throw failure("\(step.id) was skipped and has to run")
                }
                continue
            }
            ran += 1
            guard isDue || wasDoubtful.contains(index) else {
                throw failure("\(step.id) ran and need not")
            }
            if index == dying {
                world.die(index)
                blocked.insert(index)
            } else {
                world.run(index)
                if hasDied, runner.forgetsAtCrash { doubtful.insert(index) }
            }
        }
    }

    /// Every file is what it would be after a clean run of everything, where nothing has failed.
    private func compare() throws {
        for folder in ["out", "side"] {
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)")
            let expected = world.files.filter { $0.key.hasPrefix(folder + "/") }
            guard Set(names.map { "\(folder)/\($0)" }) == Set(expected.keys) else {
                throw failure("\(folder) holds \(names.sorted())")
            }
            for (path, text) in expected {
                let found = FileManager.default.contents(atPath: "\(root)/\(path)") ?? Data()
                guard found.elementsEqual(text.utf8) else {
                    throw failure("\(path) is `\(String(decoding: found, as: UTF8.self))`")
                }
            }
        }
    }

    /// Compares with a clean run of everything that knows nothing of the past.
    private func compareWithCleanRun() throws {
        var clean = world
        for index in clean.steps.indices { clean.run(index) }
        for (path, text) in clean.files where world.files[path] != text {
            throw failure("\(path) would be `\(text)` after a clean run")
        }
    }

    private func failure(_ text: String) -> Failure {
        let steps = world.steps.map { step in
            "\(step.id) after \(step.dependencies): \(step.inputs) \(step.excluded.map { "!" + $0 } ?? "")"
                + " \(step.secret ?? "") -> \(step.output)"
        }
        let state = world.files.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return Failure(
            description: ([text] + story + steps + state).joined(separator: "\n  "))
    }
}
