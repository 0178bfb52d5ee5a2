package import Execution
package import Platform
import SystemCalls
import WorkflowModel

/// Takes over what steps that are not run again have written to `STEPVISOR_OUTPUT`.
///
/// Copied, not linked: a step that writes to a file of this run must not write to an earlier one's.
package enum CarriedOutputs {
    /// Copies the results of all steps that are done into a new run.
    ///
    /// - Throws: When a result is there and cannot be taken over: a step that reads it would go
    ///   wrong.
    package static func copy(into run: RunDirectory, of plan: RunPlan, in state: StateDirectory)
        throws(SystemError)
    {
        try copy(plan.doneEarlier.keys.sorted(), into: run, of: plan, in: state)
    }

    /// Copies the results of some steps that are done.
    package static func copy(
        _ steps: [Int], into run: RunDirectory, of plan: RunPlan, in state: StateDirectory
    ) throws(SystemError) {
        guard let earlier = plan.resumes, !steps.isEmpty,
            StateDirectory.isRunIdentifier(earlier)
        else { return }
        let path = "\(StateDirectory.runPath(earlier))/outputs"
        guard let runs = state.runs() else { return }
        let source: Descriptor
        do {
            let directory = try PrivateFile.directory(
                earlier, in: runs.number, shown: StateDirectory.runPath(earlier), create: false)
            source = try PrivateFile.directory(
                "outputs", in: directory.number, shown: path, create: false)
        } catch  where error.isAbsence {
            return
        }
        let target = try PrivateFile.directory(
            "outputs", in: run.descriptor, shown: "\(run.path)/outputs", create: false)
        for step in steps {
            let id = plan.resolved.workflow.steps[step].id.rawValue
            try copy(id, from: source.number, to: target.number, path: "\(path)/\(id)")
        }
    }

    private static func copy(
        _ name: String, from source: Int32, to target: Int32, path: String
    ) throws(SystemError) {
        let number = stepvisor_open_at(source, name, O_RDONLY | O_NONBLOCK, 0)
        guard number >= 0 else {
            // Most steps write none.
            if errno == ENOENT { return }
            throw SystemError("read", path)
        }
        let file = Descriptor(owning: number)
        var facts = stat()
        guard fstat(file.number, &facts) == 0 else { throw SystemError("read", path) }
        guard facts.st_mode & S_IFMT == S_IFREG else {
            throw SystemError("take over (it is no file)", path, code: EINVAL)
        }
        let copy = try Descriptor.open(name, in: target, flags: O_WRONLY | O_CREAT | O_EXCL)
        var offset: Int64 = 0
        while true {
            let bytes = FileBytes.read(file.number, offset: offset, limit: 1 << 16)
            if bytes.isEmpty { break }
            try FileBytes.write(bytes, to: copy.number, subject: name)
            offset += Int64(bytes.count)
        }
        guard offset >= Int64(facts.st_size) else {
            throw SystemError("read", path, code: EIO)
        }
    }
}
