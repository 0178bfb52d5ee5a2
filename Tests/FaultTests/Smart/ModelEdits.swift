import Foundation
import TestSupport

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The system call, whose name methods shadow.
private func unistd(_ descriptor: Int32, _ bytes: [UInt8]) -> Int {
    write(descriptor, bytes, bytes.count)
}

/// What is done to a world between two runs; the world and its disk change alike.
enum ModelEdit: CaseIterable {
    case nothing, touch, backdate, edit, secretEdit, rename, delete, add, revert, command, variable
    case inputs, dependency, removeOutput, editOutput, crash, forget
}

extension ModelWorld {
    /// Writes everything that is not there yet below a directory.
    func create(in root: String) throws {
        for directory in Self.directories + ["out", "side"] {
            try FileManager.default.createDirectory(
                atPath: "\(root)/\(directory)", withIntermediateDirectories: true)
        }
        for (path, text) in files { try write(text, to: path, in: root) }
    }

    private func write(_ text: String, to path: String, in root: String) throws {
        let descriptor = open("\(root)/\(path)", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        guard descriptor >= 0 else { throw CocoaError(.fileWriteUnknown) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard unistd(descriptor, bytes) == bytes.count else { throw CocoaError(.fileWriteUnknown) }
    }

    /// Changes something, in the world and on its disk.
    ///
    /// - Returns: The words of what was done, and the step that is to die or to be forgotten.
    mutating func apply(_ edit: ModelEdit, in root: String) throws -> (text: String, step: Int?) {
        let path = one(of: sources)
        let step = Int.random(in: steps.indices, using: &generator)
        switch edit {
        case .nothing: break
        case .touch: utimes(root + "/" + (path ?? ""), nil)
        case .backdate: if let path { backdate(path, in: root) }
        case .edit:
            guard let path else { break }
            put(path)
            try write(files[path, default: ""], to: path, in: root)
        case .secretEdit:
            // The same length and the same time as before.
            guard let path else { break }
            var facts = stat()
            stat("\(root)/\(path)", &facts)
            put(path)
            try write(files[path, default: ""], to: path, in: root)
            var times = [facts.st_atim, facts.st_mtim]
            utimensat(AT_FDCWD, "\(root)/\(path)", &times, 0)
        case .rename:
            guard let path else { break }
            let new =
                "\(one(of: Self.directories) ?? "d0")/\(one(of: ["a.t", "b.t", "n.t", "n.u"]) ?? "")"
            guard new != path else { break }
            rename("\(root)/\(path)", "\(root)/\(new)")
            files[new] = files.removeValue(forKey: path)
            return ("rename \(path) to \(new)", nil)
        case .delete:
            guard let path else { break }
            unlink("\(root)/\(path)")
            files[path] = nil
        case .add:
            let new =
                "\(one(of: Self.directories) ?? "d0")/n\(Int.random(in: 0...3, using: &generator)).t"
            put(new)
            try write(files[new, default: ""], to: new, in: root)
            return ("add \(new)", nil)
        case .revert:
            guard let path = one(of: history.keys.sorted()), let old = one(of: history[path] ?? [])
            else { break }
            files[path] = old
            try write(old, to: path, in: root)
            return ("revert \(path)", nil)
        case .command, .variable, .inputs, .dependency: declare(edit, step)
        case .removeOutput, .editOutput:
            guard let output = one(of: files.keys.filter { $0.hasPrefix("out/") }.sorted()) else {
                break
            }
            if edit == .removeOutput {
                unlink("\(root)/\(output)")
                files[output] = nil
            } else {
                files[output] = "by hand\n"
                try write("by hand\n", to: output, in: root)
            }
            return ("\(edit) \(output)", nil)
        case .crash, .forget: return ("\(edit) s\(step)", step)
        }
        return ("\(edit) \(path ?? "") s\(step)", nil)
    }

    private func backdate(_ path: String, in root: String) {
        var times = [
            timeval(tv_sec: 978_307_200, tv_usec: 0), timeval(tv_sec: 978_307_200, tv_usec: 0),
        ]
        utimes("\(root)/\(path)", &times)
    }

    private mutating func declare(_ edit: ModelEdit, _ index: Int) {
        var step = steps[index]
        switch edit {
        case .command: step.salt = Int.random(in: 0...2, using: &generator)
        case .variable: step.variable = Int.random(in: 0...2, using: &generator)
        case .dependency:
            guard let place = step.dependencies.indices.randomElement(using: &generator) else {
                return
            }
            step.dependencies.remove(at: place)
            if step.secret == nil { chooseInputs(of: &step) }
        case .inputs: if step.secret == nil { chooseInputs(of: &step) }
        default: break
        }
        steps[index] = step
    }
}
