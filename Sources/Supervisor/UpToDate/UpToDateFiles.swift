import DependencyGraph
import Execution
import FileState
import Platform
import StateStore
import WorkflowModel

/// What stamps alone say of steps: whatever they do not call unchanged is hashed and explained.
extension UpToDateChecker {
    /// Asks once for the files of all steps, before each step is asked about.
    mutating func beginAhead() {
        guard let table = files.askAll(known) else { return }
        looker.listings = DirectoryListings(files: table)
    }

    /// What was asked before the run says nothing any more: from here on steps may start.
    public mutating func endCheckBeforeRun() {
        files.end()
        looker.listings = nil
    }

    /// The run of a step's last success, where what it declares, the stamps of its files and what the
    /// steps that it needs have produced are as they were then.
    mutating func unchangedRun(of step: Int) -> String? {
        let answer = files.answer(of: step, known)
        let id = id(of: step)
        guard answer.inputs, answer.outputs, let success = known.success(of: id),
            !answer.hasResult || known.hasResult(of: id, in: root)
        else { return nil }
        let record = known.withBytes { log -> [OutputDigest]? in
            var reader = RecordReader(UnsafeRawBufferPointer(rebasing: log[success]))
            guard let (run, products) = try? reader.runAndProducts() else { return nil }
            if !lastRun.utf8.elementsEqual(run) { lastRun = String(decoding: run, as: UTF8.self) }
            return products
        }
        let needs = plan.resolved.graph.dependencies(of: step)
        guard let record, record.count == needs.count else { return nil }
        let run = lastRun
        for dependency in needs {
            let need = self.id(of: dependency)
            guard let old = record.first(where: { $0.step == need }),
                product(of: dependency) == old.digest
            else { return nil }
        }
        return run
    }

    /// What a step has produced, where the stamps of its outputs say that it is what its last success
    /// left.
    func unchangedProduct(of step: Int) -> Product? {
        guard files.answer(of: step, known).outputs,
            let success = known.memory(of: id(of: step)), success.declaresOutputs,
            !success.outputs.isEmpty
        else { return nil }
        let entries = success.outputs.map { InputEntry(path: $0.path, facts: $0.facts) }
        return Product(
            digest: success.product, result: success.result,
            signature: FileHasher.signature(of: entries))
    }

    // MARK: - Stamps that are kept anew

    /// Keeps the stamps of a step that is up to date, where that makes it no candidate next time.
    mutating func refresh(
        _ memory: LastSuccess, of step: Int, inputs: FileSnapshot, outputs: FileSnapshot
    ) {
        guard inputs.files.count == memory.inputs.count else { return }
        let new = inputs.files + (memory.declaresOutputs ? outputs.files : [])
        let old = memory.inputs + memory.outputs
        guard new.count == old.count else { return }
        let walk = walk(of: step, inputs: inputs.places, outputs: outputs.places)
        let gains = zip(old, new).contains { old, new in
            [.file, .link].contains(new.facts.kind) && new.gains(over: old)
        }
        guard gains || walk.gains(over: memory.walk) else { return }
        var memory = memory
        memory.inputs = inputs.files
        if memory.declaresOutputs { memory.outputs = outputs.files }
        memory.walk = walk
        refreshed[step] = memory
    }

    /// Where the files of a step were looked for, to be kept with them.
    func walk(of step: Int, inputs: [FileRecord], outputs: [FileRecord]) -> FileWalk {
        let declared = files.declaration(of: step)
        return FileWalk(
            inputs: declared.inputs, outputs: declared.outputs, inputPlaces: inputs,
            outputPlaces: outputs)
    }

    /// What is to be kept of a step that was found up to date; nil where it is known already.
    mutating func takeRefreshed(_ step: Int) -> LastSuccess? {
        refreshed.removeValue(forKey: step)
    }
}

extension FileRecord {
    /// Whether its stamp can stand for it, where the old one could not.
    fileprivate func gains(over old: FileRecord) -> Bool {
        facts.isOldEnough(at: observedAt)
            && (old.facts != facts || !old.facts.isOldEnough(at: old.observedAt))
    }
}

extension FileWalk {
    /// Whether stamps can stand for it, where they could not for the old one.
    fileprivate func gains(over old: FileWalk?) -> Bool {
        guard let old else { return true }
        let (before, now) = (old.inputPlaces + old.outputPlaces, inputPlaces + outputPlaces)
        if inputs != old.inputs || outputs != old.outputs || before.count != now.count {
            return true
        }
        return zip(before, now).contains { old, new in
            old.path != new.path
                || !new.facts.isAbsent && new.gains(over: old)
                || new.facts.isAbsent != (old.facts.kind == .unreadable)
        }
    }
}
