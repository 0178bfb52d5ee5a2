import Foundation
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What is done to a world between two runs; the world and its disk change alike.
enum ModelEdit: CaseIterable {
    case nothing, touch, backdate, edit, secretEdit, rename, delete, add, revert, back, link,
        directory
    case execution, command, variable, inherited, inputs, dependency
    case addStep, removeStep, renameStep, reorder
    case removeOutput, editOutput, exchangeOutput, strayOutput, backdateOutput, executeOutput, wipe
    case damageCache, clearCache
    case crash, forget, mark, editWhileRunning

    /// Whether it is about one step, and goes with a run.
    var isAboutStep: Bool {
        switch self {
        case .crash, .forget, .mark, .editWhileRunning: true
        default: false
        }
    }
}

extension ModelWorld {
    /// Changes something, in the world and on its disk.
    ///
    /// - Returns: The words of what was done.
    mutating func apply(_ edit: ModelEdit, in root: String) throws -> String {
        switch edit {
        case .nothing, .crash, .forget, .mark, .editWhileRunning: return "\(edit)"
        case .touch, .backdate, .edit, .secretEdit, .rename, .delete, .add, .revert, .link,
            .directory, .execution:
            return "\(edit) \(try change(edit, in: root) ?? "nothing")"
        case .command, .variable, .inputs, .dependency:
            return "\(edit) \(declare(edit))"
        case .inherited:
            inherited = one(of: [nil, "", "1", "2"]) ?? nil
            return "\(edit) \(inherited ?? "unset")"
        case .addStep, .removeStep, .renameStep, .reorder:
            return "\(edit) \(compose(edit) ?? "nothing")"
        case .removeOutput, .editOutput, .exchangeOutput, .strayOutput, .backdateOutput,
            .executeOutput, .wipe:
            return "\(edit) \(try changeOutput(edit, in: root) ?? "nothing")"
        case .back:
            try goBack(in: root)
            return "\(edit)"
        case .damageCache:
            cache?.damage()
            try ModelCache.damage(in: root, by: &generator)
            return "\(edit)"
        case .clearCache:
            cache = cache.map { _ in ModelCache() }
            try? FileManager.default.removeItem(atPath: "\(root)/.stepvisor/cache")
            return "\(edit)"
        }
    }

    // MARK: - What nobody but people writes

    /// Changes one of the sources, and tells which.
    private mutating func change(_ edit: ModelEdit, in root: String) throws -> String? {
        switch edit {
        case .add:
            let new = place("n\(Int.random(in: 0...3, using: &generator)).t")
            guard files[new] != .directory else { return nil }
            try files.put(.file(newText(of: new)), at: new, in: root)
            return new
        case .revert:
            guard let path = one(of: history.keys.sorted()), let old = one(of: history[path] ?? [])
            else { return nil }
            try files.put(.file(old), at: path, in: root)
            return path
        case .rename, .delete, .link, .directory:
            guard let path = one(of: sources) else { return nil }
            return try exchange(edit, path, in: root)
        default:
            // What a link leads to is seen through the link only, mostly.
            let behind = sources.filter { files[$0]?.isFile == false }.compactMap {
                files.destination(of: $0)
            }.filter { files[$0]?.isFile == true }
            guard let path = one(of: chance(2) && !behind.isEmpty ? behind : sourceFiles) else {
                return nil
            }
            try write(edit, path, in: root)
            return path
        }
    }

    private mutating func place(_ name: String) -> String {
        "\(one(of: ModelFiles.directories) ?? "d0")/\(name)"
    }

    private mutating func write(_ edit: ModelEdit, _ path: String, in root: String) throws {
        switch edit {
        case .touch: utimes("\(root)/\(path)", nil)
        case .backdate: backdate(path, in: root)
        case .execution: files.toggleExecution(of: path, in: root)
        case .secretEdit:
            // The same length and the same time as before.
            var facts = stat()
            stat("\(root)/\(path)", &facts)
            try files.put(.file(newText(of: path)), at: path, in: root)
            var times = [facts.st_atim, facts.st_mtim]
            utimensat(AT_FDCWD, "\(root)/\(path)", &times, 0)
        default: try files.put(.file(newText(of: path)), at: path, in: root)
        }
    }

    private func backdate(_ path: String, in root: String) {
        var times = [
            timeval(tv_sec: 978_307_200, tv_usec: 0), timeval(tv_sec: 978_307_200, tv_usec: 0),
        ]
        utimes("\(root)/\(path)", &times)
    }

    private mutating func exchange(
        _ edit: ModelEdit, _ path: String, in root: String
    ) throws -> String {
        switch edit {
        case .rename:
            let new = place(one(of: ["a.t", "b.t", "n.t", "n.u"]) ?? "")
            guard new != path, files[path] != .directory, files[new] != .directory,
                path.split(separator: "/").count == 2, let node = files[path]
            else { return "nothing" }
            rename("\(root)/\(path)", "\(root)/\(new)")
            files.put(nil, at: path)
            files.replace(node, at: new)
            return "\(path) to \(new)"
        case .link:
            let isDeep = path.split(separator: "/").count > 2
            var target = one(of: sources + ["d0/nowhere", "d1"]) ?? "d1"
            if chance(2), let copied = files.text(of: path) {
                // Its text alone differs then.
                target = one(of: ["d0/k.u", "d1/k.u", "d2/k.u"].filter { $0 != path }) ?? "d0/k.u"
                try files.put(.file(copied), at: target, in: root)
            }
            let text = (isDeep ? "../../" : "../") + target
            try files.put(.link(text), at: path, in: root)
            return "\(path) to \(text)"
        case .directory:
            // What excludes a directory by its name says nothing of what is in it.
            guard !path.hasSuffix("b.t"), path.split(separator: "/").count == 2 else {
                return "nothing"
            }
            try files.put(.directory, at: path, in: root)
            if chance(2) {
                let inner = path + "/i.t"
                try files.put(.file(newText(of: path)), at: inner, in: root)
            }
        default: try files.put(nil, at: path, in: root)
        }
        return path
    }

    // MARK: - What steps write

    /// Changes something that steps have written, and tells what.
    private mutating func changeOutput(_ edit: ModelEdit, in root: String) throws -> String? {
        if edit == .wipe {
            try? FileManager.default.removeItem(atPath: "\(root)/out")
            for path in written { files.put(nil, at: path) }
            return "out"
        }
        guard let output = one(of: written) else { return nil }
        switch edit {
        case .removeOutput: try files.put(nil, at: output, in: root)
        case .editOutput:
            guard case .file(let text, _)? = files[output] else { return nil }
            // Sometimes of the same length: a moment after it was written neither size nor time tells.
            let new = chance(3) ? "by hand\n" : text.dropLast(2) + "-\n"
            try files.put(.file(new), at: output, in: root)
        case .exchangeOutput:
            let isDeep = output.split(separator: "/").count > 2
            let text = (isDeep ? "../../" : "../") + (one(of: ["d0/a.t", "d1", "nowhere"]) ?? "d1")
            let other: ModelNode = files[output] == .directory ? .file("by hand\n") : .directory
            try files.put(chance(2) ? .link(text) : other, at: output, in: root)
        case .strayOutput:
            guard output.split(separator: "/").count == 2 else { return nil }
            let parent = output.split(separator: ".")[0]
            let stray = files[output] == .directory ? "\(output)/z" : "\(parent).z"
            guard files[stray] == nil else { return nil }
            try files.put(
                chance(2) ? .file("stray\n") : .link("nowhere"), at: stray, in: root)
            return stray
        case .backdateOutput: if files[output]?.isFile == true { backdate(output, in: root) }
        default: files.toggleExecution(of: output, in: root)
        }
        return output
    }

    // MARK: - What the workflow says

    private mutating func declare(_ edit: ModelEdit) -> String {
        guard let index = steps.indices.randomElement(using: &generator) else { return "nothing" }
        var step = steps[index]
        switch edit {
        case .command: step.salt = Int.random(in: 0...2, using: &generator)
        case .variable: step.variable = Int.random(in: 0...2, using: &generator)
        case .dependency:
            let others = steps[..<index].map(\.name).filter { !step.dependencies.contains($0) }
            if chance(3), let other = one(of: others) {
                step.dependencies.append(other)
            } else if let place = step.dependencies.indices.randomElement(using: &generator) {
                step.dependencies.remove(at: place)
            }
            if step.secret == nil { chooseInputs(of: &step) }
        default: if step.secret == nil { chooseInputs(of: &step) }
        }
        steps[index] = step
        return step.name
    }

    /// Changes which steps there are, and tells of which.
    private mutating func compose(_ edit: ModelEdit) -> String? {
        guard let index = steps.indices.randomElement(using: &generator) else { return nil }
        switch edit {
        case .addStep:
            guard steps.count < 9 else { return nil }
            guard let old = removed.indices.randomElement(using: &generator), !chance(3) else {
                addStep()
                return steps.last?.name
            }
            return bringBack(removed.remove(at: old))
        case .removeStep:
            guard steps.count > 1 else { return nil }
            let step = steps.remove(at: index)
            for other in steps.indices { steps[other].dependencies.removeAll { $0 == step.name } }
            removed.append(step)
            return step.name
        case .renameStep:
            // Names are used again, also by other steps.
            let new = "r\(Int.random(in: 0...3, using: &generator))"
            guard !steps.contains(where: { $0.id == new }) else { return nil }
            let old = steps[index].id
            steps[index].id = new
            return "\(old) to \(new)"
        default:
            for index in steps.indices {
                steps[index].rank = Int.random(in: 0...9, using: &generator)
            }
            return "all"
        }
    }

    private mutating func bringBack(_ old: Step) -> String? {
        var step = old
        if steps.contains(where: { $0.id == step.id }) { step.id = step.name }
        guard !steps.contains(where: { $0.id == step.id }) else { return nil }
        step.dependencies.removeAll { self.step(named: $0) == nil }
        // What reads its files meanwhile would have to wait for it.
        for index in steps.indices
        where steps[index].inputs.contains(where: { step.readings.contains($0) }) {
            var other = steps[index]
            chooseInputs(of: &other)
            steps[index] = other
        }
        if step.secret == nil { withoutStrangers(&step) }
        steps.append(step)
        return step.name
    }

    /// Lets a step read no files of steps that it does not wait for.
    private mutating func withoutStrangers(_ step: inout Step) {
        let strangers = (steps + removed).filter { !step.dependencies.contains($0.name) }
        let forbidden = Set(strangers.flatMap(\.readings))
        if step.inputs.contains(where: { forbidden.contains($0) }) { chooseInputs(of: &step) }
    }

    // MARK: - While a step runs

    /// A source that a step reads, and that no step reads which may run at the same time.
    mutating func movable(for step: Step) -> String? {
        var read = reads(step).filter { $0.hasPrefix("d") }
        let links = read.filter { files[$0]?.isFile == false && files.text(of: $0) != nil }
        if !links.isEmpty, chance(2) { read = links }
        let paths = read.compactMap { files.destination(of: $0) }
        let free = Set(paths).filter { path in
            files[path]?.isFile == true && path.hasPrefix("d")
                && steps.allSatisfy { isOrdered($0, with: step) || !touches($0, path) }
        }
        return one(of: free.sorted())
    }

    private func touches(_ step: Step, _ path: String) -> Bool {
        (reads(step) + (step.secret.map { [$0] } ?? [])).contains {
            $0 == path || files.destination(of: $0) == path
        }
    }

    private func isOrdered(_ one: Step, with other: Step) -> Bool {
        one.name == other.name || needs(one, other) || needs(other, one)
    }

    private func needs(_ one: Step, _ other: Step) -> Bool {
        one.dependencies.contains { name in
            name == other.name || step(named: name).map { needs($0, other) } ?? false
        }
    }
}
