import Execution
import Foundation
import Testing
import TestSupport

@testable import FileState
@testable import Platform
@testable import StateStore

@Suite("What is known of steps from earlier runs", .timeLimit(.minutes(20)))
struct StepStateLogTests {
    /// A project in which two steps are remembered, and the file that says so.
    private final class Scene {
        let space: TestSpace
        let state: StateDirectory
        static let file = ".stepvisor/known/workflow.toml/steps"

        init() throws {
            space = try TestSpace()
            state = try StateDirectory(root: space.root.path, create: true)
        }

        var known: StepStateLog { StepStateLog(workflow: "workflow.toml", in: state) }

        var bytes: [UInt8] {
            (try? Data(contentsOf: space.root.appendingPathComponent(Scene.file))).map(Array.init)
                ?? []
        }

        func write(_ bytes: some Sequence<UInt8>) throws {
            try Data(bytes).write(to: space.root.appendingPathComponent(Scene.file))
        }

        static func memory(_ number: UInt8, run: String = "r1") -> LastSuccess {
            let facts = FileStamp(
                kind: .file, isExecutable: number == 2, size: 7, modifiedAt: -5, changedAt: .max,
                inode: 12)
            let file = FileRecord(
                path: Array("docs/ä".utf8) + [0xff, number], facts: facts,
                digest: Digest(of: [number]), observedAt: 9)
            let contents = Fingerprint(
                declared: [FingerprintPart("line", "echo \(number)"), FingerprintPart("x", "")],
                declaredDigest: Digest(of: [1, number]), files: [file.content],
                products: [OutputDigest(step: "before", digest: Digest(of: [2, number]))])
            return LastSuccess(
                run: run, contents: contents, fingerprint: contents.fingerprint, inputs: [file],
                outputs: [file, file], declaresOutputs: true,
                result: number == 1 ? Digest(of: [3]) : nil,
                // Earlier versions kept none.
                walk: number == 2
                    ? FileWalk(inputs: 1, outputs: .max, inputPlaces: [file], outputPlaces: [])
                    : nil)
        }
    }

    @Test("a memory is read back as it was, by this process and by the next")
    func roundTrip() throws {
        let scene = try Scene()
        var known = scene.known
        // Where nothing was ever noted, nobody knows that it never succeeded.
        #expect(known["a"] == .unknown)
        try known.remember(Scene.memory(1), of: "a", in: scene.state)
        try known.noteStart(of: "b", run: "r2", in: scene.state)
        let moved = RunReason.moved(["x", "y", "z", "w"].map { .init($0, change: "edited") })
        try known.noteMove(of: "c", run: "r2", moved, in: scene.state)
        try known.remember(Scene.memory(2), of: "d", in: scene.state)
        try known.forget("d", in: scene.state)
        try known.remember(Scene.memory(1), of: "e", in: scene.state)
        try known.noteUnfounded(of: "e", run: "r2", needs: ["a", "ä"], in: scene.state)
        try known.noteUnfounded(of: "f", run: "r2", needs: [], in: scene.state)
        for known in [known, scene.known] {
            #expect(known["e"] == .unknownInputs(run: "r2", needs: ["a", "ä"]))
            #expect(known.lastSuccess(of: "e") == Scene.memory(1))
            #expect(known["f"] == .unknownInputs(run: "r2", needs: []))
            #expect(known.knows("f") && !known.knows("g"))
            #expect(known["a"] == .done(Scene.memory(1)))
            #expect(known["b"] == .started(run: "r2"))
            #expect(known["c"] == .moved(run: "r2", moved))
            #expect(known["d"] == .forgotten)
            #expect(known.lastSuccess(of: "d") == Scene.memory(2))
            #expect(known.lastSuccess(of: "b") == nil)
            #expect(!known.isDamaged)
        }
    }

    @Test("what a condition held back leaves a success as it is, and is over with a start")
    func conditionFalse() throws {
        let scene = try Scene()
        var known = scene.known
        let facts = Digest(of: [7])
        try known.remember(Scene.memory(1), of: "a", in: scene.state)
        for step in ["a", "b", "c"] { try known.noteHeldBack(step, by: facts, in: scene.state) }
        try known.noteStart(of: "c", run: "r2", in: scene.state)
        for known in [known, scene.known] {
            #expect(known["a"] == .done(Scene.memory(1)))
            #expect(known.lastSuccess(of: "b") == nil && !known.knows("b"))
            #expect(known.conditionFalse("a") == facts && known.conditionFalse("b") == facts)
            #expect(known.conditionFalse("c") == nil && known.conditionFalse("d") == nil)
        }
    }

    @Test("a start takes a success back before anything is started")
    func start() throws {
        let scene = try Scene()
        var known = scene.known
        try known.remember(Scene.memory(1), of: "a", in: scene.state)
        try known.noteStart(of: "a", run: "r2", in: scene.state)
        #expect(scene.known["a"] == .started(run: "r2"))
        #expect(scene.known.lastSuccess(of: "a") == Scene.memory(1))
    }

    @Test("a record that a death cut off, at whatever byte, is none; those before it count")
    func cutOff() throws {
        let scene = try Scene()
        var known = scene.known
        try known.remember(Scene.memory(1), of: "a", in: scene.state)
        let before = scene.bytes
        try known.remember(Scene.memory(2), of: "b", in: scene.state)
        let whole = scene.bytes
        for length in before.count..<whole.count {
            try scene.write(whole[..<length])
            let known = scene.known
            #expect(known["a"] == .done(Scene.memory(1)), "cut at \(length)")
            #expect(known["b"] == .none, "cut at \(length)")
            #expect(!known.isDamaged, "cut at \(length)")
        }
        try scene.write(before + [UInt8](repeating: 0, count: 4096))
        #expect(scene.known["a"] == .done(Scene.memory(1)))
    }

    @Test("what is added after a record that was cut off is read")
    func mended() throws {
        let scene = try Scene()
        var known = scene.known
        try known.remember(Scene.memory(1), of: "a", in: scene.state)
        try scene.write(scene.bytes + scene.bytes.suffix(30).prefix(5))
        var next = scene.known
        try next.noteStart(of: "a", run: "r2", in: scene.state)
        try next.remember(Scene.memory(2), of: "b", in: scene.state)
        #expect(scene.known["a"] == .started(run: "r2"))
        #expect(scene.known["b"] == .done(Scene.memory(2)))
    }

    @Test("a byte that was changed, wherever it is, makes nothing known, and never something else")
    func changed() throws {
        let scene = try Scene()
        var known = scene.known
        try known.remember(Scene.memory(1), of: "a", in: scene.state)
        try known.noteStart(of: "a", run: "r2", in: scene.state)
        let whole = scene.bytes
        for place in whole.indices {
            for flip: UInt8 in [1, 0x80, 0xff] {
                var bytes = whole
                bytes[place] ^= flip
                try scene.write(bytes)
                let known = scene.known
                #expect(known["a"] == .none, "byte \(place) ^ \(flip)")
                #expect(known.isDamaged, "byte \(place) ^ \(flip)")
            }
        }
        var damaged = scene.known
        try damaged.remember(Scene.memory(2), of: "b", in: scene.state)
        #expect(!scene.known.isDamaged)
        #expect(scene.known["b"] == .done(Scene.memory(2)))
    }

    @Test("a file that was changed at random is refused or read as it was")
    func nonsense() throws {
        let scene = try Scene()
        var known = scene.known
        try known.remember(Scene.memory(1), of: "a", in: scene.state)
        let whole = scene.bytes
        var random = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes.removeLast(Int.random(in: 0...min(40, bytes.count), using: &random))
                case 1:
                    bytes.insert(
                        UInt8.random(in: .min ... .max, using: &random),
                        at: Int.random(in: 0...bytes.count, using: &random))
                default:
                    if let place = bytes.indices.randomElement(using: &random) {
                        bytes[place] = UInt8.random(in: .min ... .max, using: &random)
                    }
                }
            }
            try scene.write(bytes)
            let known = scene.known["a"]
            #expect(known == .none || known == .done(Scene.memory(1)))
        }
    }

    @Test("a file that is mostly out of date is rewritten with all that counts")
    func rewritten() throws {
        let scene = try Scene()
        var held = scene.known
        try held.noteHeldBack("c", by: Digest(of: [7]), in: scene.state)
        held.close()
        for round in 0..<400 {
            var known = scene.known
            try known.noteStart(of: "a", run: "r\(round)", in: scene.state)
            try known.remember(Scene.memory(1, run: "r\(round)"), of: "a", in: scene.state)
            try known.noteStart(of: "b", run: "r\(round)", in: scene.state)
            known.close()
        }
        #expect(scene.bytes.count < 200_000, "\(scene.bytes.count) bytes")
        #expect(scene.known["a"] == .done(Scene.memory(1, run: "r399")))
        #expect(scene.known["b"] == .started(run: "r399"))
        #expect(scene.known.conditionFalse("c") == Digest(of: [7]))
    }

    @Test("workflows of one project are told apart by their names, however strange those are")
    func workflows() throws {
        let scene = try Scene()
        let names = [
            "workflow.toml", "steps/", "../a b.toml", "ä", ".", "x/../y",
            String(repeating: "n", count: 300),
        ]
        for (number, name) in names.enumerated() {
            var known = StepStateLog(workflow: name, in: scene.state)
            #expect(known["a"] == .unknown, "\(name)")
            try known.noteStart(of: "a", run: "r\(number)", in: scene.state)
            known.close()
        }
        for (number, name) in names.enumerated() {
            let known = StepStateLog(workflow: name, in: scene.state)
            #expect(known["a"] == .started(run: "r\(number)"), "\(name)")
        }
    }
}
