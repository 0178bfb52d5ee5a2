/// The steps of a run in a file beside its journal, which the journal's first line refers to.
///
/// The file is one sealed line. It says nothing of the run, so that runs of an unchanged workflow can
/// share it: each has its own name for it, and it lasts as long as one of them.
public struct StepList: Sendable {
    /// The file's name in the directory of each run that refers to it.
    public static let fileName = "steps.json"

    /// Fewer steps stand in the journal itself.
    public static let leastSteps = 64

    /// The whole file.
    public let bytes: [UInt8]
    let reference: Reference

    /// What a journal says of the list that it means.
    struct Reference: Hashable, Sendable {
        /// The list's check sum, as its seal has it.
        var sum: String
        var count: Int
    }

    /// The list of the steps of a run; nil where these are so few that they stand in the journal.
    public init?(_ steps: [StepHeader]) {
        guard steps.count >= StepList.leastSteps else { return nil }
        var writer = JSONWriter(capacity: steps.count * 96)
        writer.beginObject()
        writer.write(steps)
        writer.endObject()
        writer.bytes.append(UInt8(ascii: "\n"))
        JournalSeal.seal(&writer.bytes)
        bytes = writer.bytes
        reference = Reference(sum: JournalSeal.sum(of: bytes), count: steps.count)
    }

    /// The steps that a file lists; nil where it is not the one that is meant, or not whole.
    static func steps(in file: [UInt8], _ reference: Reference) -> [JSONValue]? {
        guard file.last == UInt8(ascii: "\n"), JournalSeal.sum(of: file) == reference.sum else {
            return nil
        }
        return file.withUnsafeBufferPointer { buffer in
            let line = UnsafeBufferPointer(rebasing: buffer.dropLast())
            guard JournalSeal.verdict(on: line) == .whole,
                case .object(let members) = JSONReader.value(of: line),
                let steps = members.array("steps"), steps.count == reference.count
            else { return nil }
            return steps
        }
    }
}

extension JSONWriter {
    /// Writes the member `steps`: what a run's steps are.
    mutating func write(_ steps: [StepHeader]) {
        key("steps")
        beginArray()
        for step in steps { write(step) }
        endArray()
    }

    private mutating func write(_ step: StepHeader) {
        beginObject()
        member("id", step.id)
        if !step.description.isEmpty { member("description", step.description) }
        member("task", step.task)
        member("phase", step.phase)
        if let group = step.parallelGroup { member("group", group) }
        if !step.dependencies.isEmpty {
            key("dependencies")
            beginArray()
            for dependency in step.dependencies { integer(dependency) }
            endArray()
        }
        if !step.outputs.isEmpty {
            key("outputs")
            beginArray()
            for output in step.outputs { string(output) }
            endArray()
        }
        if step.runsAlone { member("alone", true) }
        if step.wouldBeParallel { member("would_be_parallel", true) }
        if step.isFinalizer { member("always", true) }
        if step.maxAttempts > 1 { member("most_attempts", step.maxAttempts) }
        if let done = step.doneUnlessNeedsRun {
            member("done_in", done.run)
            if let basis = done.basis { member("done_basis", basis.text) }
        }
        endObject()
    }
}
