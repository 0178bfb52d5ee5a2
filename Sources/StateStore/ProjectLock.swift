public import Execution
public import Platform
import SystemCalls

/// The lock that a run holds on its project: one run at a time.
public final class ProjectLock {
    private var number: Int32
    private var note: LockNote

    private static let name = "run.lock"

    private init(_ file: consuming Descriptor, since: String) {
        number = file.release()
        note = LockNote(pid: getpid())
        note.since = since
    }

    /// Tries to take the project.
    ///
    /// A run whose stepvisor was killed has it until its guardian has ended what was left.
    ///
    /// - Parameters:
    ///   - state: the project's state.
    ///   - since: the present time, RFC 3339.
    /// - Returns: the lock, or who holds it.
    /// - Throws: when there can be no lock.
    public static func tryAcquire(
        _ state: StateDirectory, since: String
    ) throws(SystemError) -> Result<ProjectLock, ProjectBusy> {
        let path = "\(StateDirectory.name)/\(name)"
        let file = try PrivateFile.open(
            name, in: state.descriptor, flags: O_RDWR | O_CREAT, shown: path)
        switch stepvisor_try_lock(file.number) {
        case 0:
            let last = LockNote(in: file.number)
            if let alive = last.alive, AliveFile.isHeld(at: alive) {
                return .failure(
                    ProjectBusy(holder: last.holder(of: "the project", isEnding: true)))
            }
            let lock = ProjectLock(file, since: since)
            try lock.note.write(to: lock.number)
            return .success(lock)
        case 1:
            return .failure(
                ProjectBusy(holder: LockNote(in: file.number).holder(of: "the project")))
        default: throw SystemError.locking("\(state.root)/\(path)")
        }
    }

    /// What the user should know of the place where the lock is; nil when all is well.
    public static func concern(about state: StateDirectory) -> String? {
        LockPlace.concern(
            about: state.descriptor, at: "\(state.root)/\(StateDirectory.name)")
    }

    /// Tells who looks at the lock which run has it.
    public func name(run: String, at path: String) {
        note.run = run
        note.alive = "\(path)/\(AliveFile.name)"
        if number >= 0 { try? note.write(to: number) }
    }

    /// Gives the project back, as also happens when the value goes.
    public func release() {
        guard number >= 0 else { return }
        // A note that is left says that its holder died.
        _ = ftruncate(number, 0)
        close(number)
        number = -1
    }

    deinit { release() }
}

/// Another run holds the project.
public struct ProjectBusy: Error, Hashable, Sendable {
    /// Who.
    public var holder: LockHolder

    /// Held by somebody.
    public init(holder: LockHolder) { self.holder = holder }
}

/// Where locks are.
package enum LockPlace {
    /// Says that a directory is on a file system whose locks may mean little; nil when not.
    package static func concern(about descriptor: Int32, at path: String) -> String? {
        guard stepvisor_is_network_filesystem(descriptor) == 1 else { return nil }
        return "`\(path)` is on a network file system, whose locks may not reach other machines"
    }
}
