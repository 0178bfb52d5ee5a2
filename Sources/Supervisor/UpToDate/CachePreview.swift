public import Execution
import OutputCache
import Platform
import StateStore
import WorkflowModel

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
            return CachePrediction.outlook(
                fingerprint, outputs, left: left, in: directory, root: root)
        }
    }
}
