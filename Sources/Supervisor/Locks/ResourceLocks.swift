public import Execution
public import Platform
import StateStore
import SystemCalls
public import WorkflowModel

/// A request for units of a resource, with the number of units in total.
public struct LockRequest: Hashable, Sendable {
    /// The resource's name: the form of ``StepID/pattern``.
    public var name: String
    /// Units requested, at least 1.
    public var units: Int
    /// Units in total.
    public var capacity: Int
    /// Which runs share it.
    public var scope: ResourceScope

    /// A request for units of a resource.
    public init(name: String, units: Int, capacity: Int, scope: ResourceScope) {
        self.name = name
        self.units = units
        self.capacity = capacity
        self.scope = scope
    }
}

/// The result of a lock attempt.
public enum LockResult {
    /// All units are held until the value is released.
    case acquired(HeldLocks)
    /// Nothing is held: this one has another holder.
    case busy(LockHolder)
}

/// Held units of resources; closing their files releases them.
public final class HeldLocks {
    fileprivate var descriptors: [Int32] = []

    deinit { release() }

    /// Releases all units at once.
    fileprivate func release() {
        for number in descriptors {
            // A note that remains means that its holder died.
            _ = ftruncate(number, 0)
            close(number)
        }
        descriptors = []
    }

    /// Keeps the notes when the files are closed, because the holder they name is still active.
    func keepNotes() {
        for number in descriptors { close(number) }
        descriptors = []
    }

    /// Keeps the units held across an `exec`, so that the next program holds them.
    func keepThroughExec() {
        for number in descriptors { _ = fcntl(number, F_SETFD, 0) }
    }
}

/// Counted locks with `flock`: one file `NAME.k` for each unit, in the project or in the user's
/// state directory.
///
/// The kernel releases a dead holder's lock; nothing has to be unlocked by hand.
public struct ResourceLocks {
    private let project: String
    private let host: String?
    private let owner: LockNote
    private let surroundings: LockSurroundings

    /// Sets the location of the lock files and the content of the holder's note.
    ///
    /// - Parameters:
    ///   - root: absolute path of the project root.
    ///   - environment: for `XDG_STATE_HOME` and `HOME`.
    ///   - runID: the run that takes the locks, or in which they are taken; nil outside of one.
    ///   - alive: absolute path of the file that is locked as long as any process of the run lives;
    ///     nil when the locks do not end with a run.
    public init(
        root: String, environment: [String: String], runID: String?, alive: String? = nil
    ) {
        project = "\(root)/\(StateDirectory.name)/locks"
        let xdg = environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let home = environment["HOME"].flatMap { $0.hasPrefix("/") ? "\($0)/.local/state" : nil }
        host = (xdg ?? home).map { "\($0)/stepvisor/locks" }
        owner = LockNote(pid: getpid(), run: runID, alive: alive)
        surroundings = LockSurroundings(environment: environment)
    }

    /// Takes all units of all requests or none, without waiting, in an order that all runs share.
    ///
    /// - Parameters:
    ///   - requests: the units to take; each resource once.
    ///   - step: the step that requests them, for the holder's note.
    ///   - since: the present time, RFC 3339, for the holder's note.
    /// - Returns: the held units, or the holder of the missing ones.
    /// - Throws: when a lock file cannot be made, or its file system has no locks.
    public func tryAcquire(
        _ requests: [LockRequest], step: String?, since: String
    ) throws(SystemError) -> LockResult {
        let held = HeldLocks()
        let ordered = requests.sorted {
            ($0.scope.rawValue, $0.name) < ($1.scope.rawValue, $1.name)
        }
        for request in ordered {
            let directory = request.scope == .host ? host ?? "" : project
            let folder = try folder(of: request.scope)
            var missing = request.units
            var holder: LockHolder?
            for unit in 0..<request.capacity where missing > 0 {
                let path = "\(directory)/\(request.name).\(unit)"
                let number = try PrivateFile.open(
                    "\(request.name).\(unit)", in: folder.number, flags: O_RDWR | O_CREAT,
                    shown: path
                ).release()
                switch stepvisor_try_lock(number) {
                case 0:
                    let last = LockNote(in: number)
                    if last.run != owner.run, last.hasSurvivors {
                        holder = holder ?? last.holder(of: request.name, isEnding: true)
                        close(number)
                        continue
                    }
                    held.descriptors.append(number)
                    note(in: number, step: step, since: since)
                    missing -= 1
                case 1:
                    let note = LockNote(in: number)
                    close(number)
                    if surroundings.hold(note) {
                        missing -= 1
                    } else {
                        holder = holder ?? note.holder(of: request.name)
                    }
                default:
                    let code = errno
                    close(number)
                    throw SystemError.locking(path, code: code)
                }
            }
            if missing > 0 { return .busy(holder ?? LockHolder(resource: request.name)) }
        }
        return .acquired(held)
    }

    private func note(in number: Int32, step: String?, since: String) {
        var note = owner
        note.step = step
        note.since = since
        // The note is only for messages; a full disk must not cost the lock.
        try? note.write(to: number)
    }

    /// A warning about the location of a scope's locks; nil when there is none.
    public func concern(about scope: ResourceScope) -> String? {
        // Without a location there is nothing to warn about: taking a lock will report it.
        guard let directory = scope == .host ? host : project else { return nil }
        try? ResourceLocks.makePath(directory)
        let number = stepvisor_open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0)
        guard number >= 0 else { return nil }
        let folder = Descriptor(owning: number)
        return LockPlace.concern(about: folder.number, at: directory)
    }

    /// The directory of a scope's lock files, accessible to this user only.
    private func folder(of scope: ResourceScope) throws(SystemError) -> Descriptor {
        guard scope == .host else {
            let state = try PrivateFile.directory(
                ResourceLocks.parent(of: project), shown: StateDirectory.name, create: true)
            return try PrivateFile.directory(
                "locks", in: state.number, shown: project, create: true)
        }
        // A predictable name in `/tmp` is not safe: the first one to create it owns it.
        guard let host else {
            throw SystemError(
                refusing: "stepvisor/locks",
                because: "neither `XDG_STATE_HOME` nor `HOME` is an absolute path, so there is no "
                    + "place for locks of the host",
                advice: "set `XDG_STATE_HOME` to a directory that is yours")
        }
        let own = ResourceLocks.parent(of: host)
        let base = ResourceLocks.parent(of: own)
        try ResourceLocks.makePath(base)
        try PrivateFile.checkBase(base)
        let state = try PrivateFile.directory(own, shown: own, create: true)
        return try PrivateFile.directory("locks", in: state.number, shown: host, create: true)
    }

    private static func parent(of path: String) -> String {
        String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    /// Makes a directory and its missing parents, for this user only.
    static func makePath(_ path: String) throws(SystemError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw SystemError("make the directory", path)
        }
        try makePath(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
            throw SystemError("make the directory", path)
        }
    }
}
