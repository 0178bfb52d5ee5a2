public import Execution
import WorkflowModel

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Predicts before a run what the cache would do for its steps; changes nothing.
///
/// An entry is read to its end, as for a restore, but neither removed nor counted as used.
public struct CachePreview {
    private let plan: RunPlan
    private let root: String
    private var look: UpToDateChecker
    private let place: Place

    private enum Place {
        /// There is no cache yet.
        case none
        case closed(String)
        case open(CacheDirectory)
    }

    /// Prepares the predictions for the steps of a plan.
    ///
    /// - Parameters:
    ///   - plan: Decides for which steps the cache is used.
    ///   - look: The up-to-date checker of the plan.
    ///   - root: The project root, absolute.
    ///   - environment: May set `STEPVISOR_CACHE`.
    public init(
        plan: RunPlan, look: UpToDateChecker, root: String, environment: [String: String]
    ) {
        self.plan = plan
        self.look = look
        self.root = root
        do throws(SystemError) {
            place = .open(
                try CacheDirectory(root: root, environment: environment, create: false))
        } catch {
            place = error.isAbsence ? .none : .closed(error.description)
        }
    }

    /// The prediction for a step; nil for a step without the cache.
    public mutating func outlook(of step: Int) -> CachePrediction? {
        switch plan.cacheQuestion(about: step) {
        case .never: return nil
        case .later: return .later
        case .now: break
        }
        // A step without a known fingerprint runs.
        guard let fingerprint = look.present(of: step)?.contents?.fingerprint else { return .miss }
        switch place {
        case .none: return .miss
        case .closed(let reason): return .unfit(reason)
        case .open(let directory):
            let outputs = plan.resolved.workflow.steps[step].outputFiles.map(\.text)
            let left = look.known.lastSuccess(of: look.id(of: step))?.outputs ?? []
            return CachePreview.outlook(
                fingerprint, outputs, left: left, in: directory, root: root)
        }
    }

    static func outlook(
        _ fingerprint: Digest, _ outputs: [String], left: [FileRecord],
        in directory: CacheDirectory, root: String
    ) -> CachePrediction {
        switch directory.open(CacheDirectory.path(of: fingerprint)) {
        case .missing: return .miss
        case .refused(let obstacle): return .unfit(obstacle.reason)
        case .found(let entry):
            do throws(CacheError) {
                let manifest = try CacheCheck.manifest(
                    of: entry, madeFrom: fingerprint, outputs: outputs)
                _ = try ExtraOutputs(
                    beside: manifest, outputs: outputs, left: left, root: root)
                try check(manifest, entry.file.number, root: root)
                return .hit(run: manifest.run)
            } catch {
                switch error {
                case .damage(let reason): return .damaged(reason)
                case .unfit(let reason): return .unfit(reason)
                }
            }
        }
    }

    /// Throws for an entry that a restore would reject.
    private static func check(
        _ manifest: CacheManifest, _ entry: Int32, root: String
    ) throws(CacheError) {
        let tree = try CacheError.meet { () throws(SystemError) in try ProjectTree(root: root) }
        for part in manifest.outputs {
            let path = try CacheCheck.path(of: part)
            let parent: Int32
            do throws(SystemError) {
                parent = try tree.parent(of: path)
            } catch {
                // A restore would create a missing directory.
                guard error.isAbsence else { throw .unfit(error.description) }
                continue
            }
            _ = try CacheCheck.isThere(part, at: path, in: parent)
        }
        for part in manifest.parts where part.kind != .directory && part.kind != .link {
            try CacheCheck.verify(
                CacheContent.copy(entry, from: part.offset, size: part.size, to: nil, at: 0), part)
        }
    }
}
