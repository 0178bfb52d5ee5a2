import Execution
import Foundation
import Testing
import TestSupport
import WorkflowModel

@testable import FileState
@testable import OutputCache
@testable import Platform
@testable import StateStore

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A project with a cache, and a step whose outputs are kept and restored.
final class CacheScene {
    let space: TestSpace
    let state: StateDirectory
    let run: RunDirectory
    var outputs: [String]
    var environment: [String: String] = [:]
    var limits = CacheSettings()
    var mask = SecretMask.none
    /// What the step's last success is known to have left.
    var left: [FileRecord] = []
    var beforePlacing: @Sendable (Int) -> Void = { _ in }

    static let fingerprint = Digest(of: Array("fingerprint".utf8))

    init(_ outputs: [String] = ["out/**"], shared: String? = nil) throws {
        space = try TestSpace()
        state = try StateDirectory(root: space.root.path, create: true)
        run = try state.makeRun()
        self.outputs = outputs
        if let shared { environment["STEPVISOR_CACHE"] = shared }
    }

    /// The cache as a new run opens it.
    func open() throws -> StepCache {
        try StepCache(
            state: state, environment: environment, limits: limits, mask: mask,
            beforePlacing: beforePlacing)
    }

    @discardableResult
    func store(_ fingerprint: Digest = CacheScene.fingerprint) throws -> CacheStoring {
        try open().store(fingerprint, of: "build", outputs: outputs, in: run)
    }

    /// Restores into a run of its own, whose log and result are ``log(_:)`` and ``result(_:)``.
    func restore(
        _ fingerprint: Digest = CacheScene.fingerprint, into run: RunDirectory? = nil
    ) throws -> CacheAnswer {
        let target = try run ?? state.makeRun()
        last = target
        return try open().restore(
            fingerprint, of: "build", outputs: outputs, left: left, in: target)
    }

    /// Takes what is there now as what the step's last success has left.
    func noteLeft() throws {
        let patterns = try #require(CachePatterns(outputs)?.patterns)
        var looker = FileHasher(root: space.root.path)
        left = looker.look(at: patterns)?.files ?? []
    }

    private(set) var last: RunDirectory?

    /// What the last restore put into the log, and into the result.
    var log: String { text(of: "logs/build.log") }
    var result: String? {
        last.flatMap { FileManager.default.contents(atPath: "\($0.path)/outputs/build") }
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private func text(of name: String) -> String {
        last.flatMap { FileManager.default.contents(atPath: "\($0.path)/\(name)") }
            .map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// What the step writes to its log in the run that is kept.
    func writeLog(_ text: String) throws {
        let log = try run.openLog(of: "build")
        try FileBytes.write(Array(text.utf8), to: log.number, subject: "log")
    }

    func removeOutputs() throws {
        try FileManager.default.removeItem(atPath: space.path("out"))
    }

    /// Where an entry lies.
    func entry(_ fingerprint: Digest = CacheScene.fingerprint) -> String {
        let named = environment["STEPVISOR_CACHE"] ?? ".stepvisor/cache"
        let base = named.hasPrefix("/") ? named : space.path(named)
        return "\(base)/\(CacheDirectory.path(of: fingerprint))"
    }

    /// Replaces the entry by one with these bytes.
    func overwrite(_ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: entry()))
        chmod(entry(), 0o600)
    }

    func bytes() throws -> [UInt8] {
        [UInt8](try #require(FileManager.default.contents(atPath: entry())))
    }

    func mode(_ name: String) -> mode_t {
        var facts = stat()
        lstat(space.path(name), &facts)
        return facts.st_mode & 0o7777
    }

    func target(_ name: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: space.path(name))
    }

    /// What waits to get its name, and must not be left.
    var staged: [String] { DirectoryListing.names(of: space.path(".stepvisor/restoring")) ?? [] }

    /// A fingerprint by a number.
    static func fingerprint(_ number: Int) -> Digest { Digest(of: Array("\(number)".utf8)) }
}

extension CacheAnswer {
    /// The entry of a hit.
    var entry: CachedEntry? { if case .restored(let entry) = self { entry } else { nil } }
    var damage: String? { if case .damaged(let reason) = self { reason } else { nil } }
    var unfitness: String? { if case .unfit(let reason) = self { reason } else { nil } }
}

extension CacheStoring {
    var size: UInt64? { if case .stored(let size) = self { size } else { nil } }
    var refusal: String? { if case .refused(let reason) = self { reason } else { nil } }
    var failure: String? { if case .failed(let reason) = self { reason } else { nil } }
}
