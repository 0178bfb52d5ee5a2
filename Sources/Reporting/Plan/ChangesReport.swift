package import Execution
package import WorkflowModel

/// The answer to `changes`, as text or as JSON.
package struct ChangesReport {
    private let summary: ChangeSummary
    private let changes: ChangedPaths
    private let commit: String
    private let steps: [StepID]

    package init(_ summary: ChangeSummary, _ changes: ChangedPaths, commit: String, steps: [StepID])
    {
        self.summary = summary
        self.changes = changes
        self.commit = commit
        self.steps = steps
    }

    /// One paragraph for each class.
    package func text(namesAll: Bool) -> String {
        let revision = Sanitizer.line(changes.revision)
        guard !changes.paths.isEmpty else { return "nothing has changed since \(revision)\n" }
        let limit = namesAll ? Int.max : 12
        var text = "\(Wording.count(changes.paths.count, "file")) changed since \(revision): "
        text += "\(Sanitizer.line(summary.kind))\n"
        let width = TextWidth.columnWidth(summary.classes.map { Sanitizer.line($0.name) })
        let indent = String(repeating: " ", count: width + 4)
        for found in summary.classes {
            let files = found.paths.map { place in
                "\(Sanitizer.line(changes.paths[place].name)) (\(changes.paths[place].change.rawValue))"
            }
            text += "  \(TextWidth.pad(Sanitizer.line(found.name), to: width))  "
            text += "\(Wording.count(files.count, "file")): "
            text += Wording.list(files, atMost: limit) + "\n"
            text += indent + "touches \(names(found.steps, atMost: limit) ?? "no step")\n"
            if let dependents = names(found.dependents, atMost: limit) {
                text += indent + "through them: \(dependents)\n"
            }
        }
        if let undeclared = names(summary.undeclared, atMost: limit) {
            text += "run whatever has changed, for they declare no `inputs`: \(undeclared)\n"
        }
        return text
    }

    /// Steps by their ids; nil for no steps.
    private func names(_ list: [Int], atMost limit: Int) -> String? {
        list.isEmpty ? nil : Wording.list(list.map { steps[$0].rawValue }, atMost: limit)
    }

    /// The same for programs.
    package var json: [UInt8] {
        var writer = JSONWriter(capacity: 64 * changes.paths.count + 512)
        writer.beginObject()
        writer.member("since", changes.revision)
        writer.member("commit", commit)
        writer.member("type", summary.kind)
        writer.member("files", changes.paths.count)
        writer.key("classes")
        writer.beginArray()
        for found in summary.classes {
            writer.newLine()
            writer.beginObject()
            writer.member("class", found.name)
            writer.key("files")
            writer.beginArray()
            for place in found.paths {
                writer.beginObject()
                writer.member("path", changes.paths[place].name)
                writer.member("change", changes.paths[place].change.rawValue)
                writer.endObject()
            }
            writer.endArray()
            writer.key("steps")
            write(found.steps, to: &writer)
            writer.key("dependents")
            write(found.dependents, to: &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.key("without_inputs")
        write(summary.undeclared, to: &writer)
        writer.endObject()
        writer.bytes.append(UInt8(ascii: "\n"))
        return writer.bytes
    }

    private func write(_ list: [Int], to writer: inout JSONWriter) {
        writer.beginArray()
        for step in list { writer.string(steps[step].rawValue) }
        writer.endArray()
    }
}
