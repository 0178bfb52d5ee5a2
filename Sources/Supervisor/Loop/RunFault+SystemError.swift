import Execution
import Platform

extension RunFault {
    /// The fault of the run for a failed system call.
    init(_ error: SystemError) {
        self.init(reason: error.stopReason, error: error.description)
    }
}
