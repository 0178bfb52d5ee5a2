import Dispatch
import Execution
import Synchronization
import SystemCalls

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What is known of a workflow's steps, and whether their files look as they did: read and asked by
/// other threads while the workflow itself is still being read.
///
/// Whoever makes one holds the project, so that nothing of it changes what is read here.
public final class EarlyLook: Sendable {
    private let root: String
    private let key: String
    private let workflow: String
    private let directory: Int32
    private let known = Mutex<Loaded?>(nil)
    private let next = Atomic(0)
    private let results = Mutex(Results())
    private let end = DispatchGroup()
    /// What is being found out since the short way was not open.
    private let comparison: FileComparison?

    private struct Loaded {
        var steps: StepStateLog
        /// Those of which it has to be asked.
        var successes: [Range<Int>]
    }

    private struct Results {
        var same: Set<Int> = []
        var shares = 0
    }

    /// What is known of fewer steps is read sooner than a thread is started.
    public static let leastBytes: Int64 = 1 << 17
    private static let share = 64
    private static let maxThreads = 3

    /// Begins to look; nil where that is not worth a thread.
    ///
    /// - Parameters:
    ///   - root: The project root, absolute.
    ///   - workflow: The workflow's file, as what is known of its steps is kept under.
    ///   - processors: How many there are; one is for the workflow.
    ///   - idle: A run with nothing to do that could not be; what it found need not be asked again.
    ///   - least: How much has to be known at least, in bytes of the file.
    public init?(
        root: String, workflow: String, processors: Int, after idle: IdleRun? = nil,
        least: Int64 = leastBytes
    ) {
        guard let state = try? StateDirectory(root: root, create: false),
            EarlyLook.isWorthIt(workflow, in: state, processors: processors, least: least),
            stepvisor_probe_threads(1) == 0,
            let directory = try? Descriptor.open(root, flags: O_RDONLY | O_DIRECTORY)
        else { return nil }
        self.root = root
        self.workflow = workflow
        self.directory = directory.release()
        comparison = idle?.wholeComparison
        key = StepStateLog.key(of: workflow)
        end.enter()
        for _ in 0..<min(EarlyLook.maxThreads, processors - 1) {
            DispatchQueue.global(qos: .userInitiated).async { self.work() }
        }
    }

    /// Whether so much is known of a workflow that another thread gains time.
    public static func isWorthIt(
        _ workflow: String, in state: StateDirectory, processors: Int, least: Int64 = leastBytes
    ) -> Bool {
        processors > 1 && StepStateLog.size(of: workflow, in: state) >= least
    }

    deinit {
        // All threads have gone: each holds this as long as it works.
        Platform.close(directory)
    }

    /// Whether this is about a workflow.
    func isAbout(_ workflow: String, in root: String) -> Bool {
        self.root == root && key == StepStateLog.key(of: workflow)
    }

    /// What is known, and of which successes, by where they begin, all files look the same.
    ///
    /// Does what no thread has come to yet.
    func take() -> (known: StepStateLog, same: Set<Int>) {
        let loaded = work()
        end.wait()
        return (loaded.steps, results.withLock { $0.same })
    }

    @discardableResult
    private func work() -> Loaded {
        let loaded = known.withLock { known in
            if let known { return known }
            let loaded = load()
            if loaded.successes.isEmpty { end.leave() }
            known = loaded
            return loaded
        }
        let shares = (loaded.successes.count + EarlyLook.share - 1) / EarlyLook.share
        while true {
            let number = next.add(1, ordering: .relaxed).oldValue
            guard number < shares else { return loaded }
            let first = number * EarlyLook.share
            let last = min(loaded.successes.count, first + EarlyLook.share)
            let same = loaded.successes[first..<last].filter { stampsMatch($0, loaded.steps) }
            results.withLock { results in
                results.same.formUnion(same.lazy.map(\.lowerBound))
                results.shares += 1
                if results.shares == shares { end.leave() }
            }
        }
    }

    private func load() -> Loaded {
        let changed = comparison?.changed()
        let steps =
            (try? StateDirectory(root: root, create: false)).map {
                StepStateLog(workflow: workflow, in: $0)
            } ?? StepStateLog(workflow: workflow)
        guard let changed, !changed.contains(Array(steps.path.utf8)) else {
            // In the order of the file, in which one directory's entries are near each other.
            return Loaded(
                steps: steps, successes: steps.successes.sorted { $0.lowerBound < $1.lowerBound })
        }
        // All that is known was so when every step was up to date, and only these have changed since.
        let same = steps.withBytes { bytes in
            steps.successes.filter { range in
                var reader = RecordReader(UnsafeRawBufferPointer(rebasing: bytes[range]))
                return reader.names(noneOf: changed)
            }
        }
        results.withLock { $0.same = Set(same.lazy.map(\.lowerBound)) }
        return Loaded(steps: steps, successes: [])
    }

    private func stampsMatch(_ range: Range<Int>, _ known: StepStateLog) -> Bool {
        known.withBytes { bytes in
            var reader = RecordReader(UnsafeRawBufferPointer(rebasing: bytes[range]))
            return reader.allStampsMatch(in: directory)
        }
    }
}
