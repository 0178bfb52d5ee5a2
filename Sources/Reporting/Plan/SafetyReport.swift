package import Execution
package import WorkflowModel

/// The safety checklist for people and for programs.
package struct SafetyReport {
    private let list: SafetyChecklist
    private let workflow: Workflow
    private let files: SourceTable
    /// The workflow's file or directory.
    private let path: String

    /// The largest number of steps named on one line, unless all are asked for.
    private static let placeLimit = 6

    /// - Parameters:
    ///   - list: The points with their results.
    ///   - workflow: The workflow that was checked.
    ///   - files: The files with its steps.
    ///   - path: The workflow's file or directory, as it is shown.
    package init(
        _ list: SafetyChecklist, of workflow: Workflow, in files: SourceTable, path: String
    ) {
        self.list = list
        self.workflow = workflow
        self.files = files
        self.path = path
    }

    /// How much ``text(style:_:)`` shows.
    package enum Extent {
        /// Only points that are not met.
        case failures
        /// All points, with the first steps of each.
        case points
        /// All points with all steps.
        case everything
    }

    /// The list for a terminal.
    package func text(style: Style, _ extent: Extent) -> String {
        var text = extent == .failures ? "" : "safety checklist: \(totals)\n"
        for point in list.points where extent != .failures || point.verdict == .notMet {
            let number =
                String(repeating: " ", count: point.number < 10 ? 1 : 0) + "\(point.number)"
            text += "\(number) \(word(for: point.verdict, style))  \(point.title)\n"
            text += Self.indented(point.reason)
            for addition in point.additions {
                let places = places(of: addition, isWhole: extent == .everything)
                text += Self.indented("set in \(places):")
                text += Self.indented("    " + Sanitizer.line(addition.toml))
            }
            if let advice = point.advice { text += Self.indented(advice) }
        }
        return text
    }

    private var totals: String {
        [
            (SafetyChecklist.Verdict.met, "met"), (.notMet, "not met"),
            (.notApplicable, "not applicable"),
        ].map { "\(list.count(of: $0)) \($1)" }.joined(separator: ", ")
    }

    private func word(for verdict: SafetyChecklist.Verdict, _ style: Style) -> String {
        switch verdict {
        case .met: style.green("met") + "           "
        case .notMet: style.red("not met") + "       "
        case .notApplicable: style.dim("not applicable")
        }
    }

    /// A line below the title; the line may contain text from a workflow file.
    private static func indented(_ line: String) -> String {
        String(repeating: " ", count: 19) + Sanitizer.line(line) + "\n"
    }

    private func places(of addition: SafetyChecklist.Addition, isWhole: Bool) -> String {
        switch addition.place {
        case .execution: return "`[execution]` of \(settingsFile)"
        case .steps(let steps):
            let names = steps.map { step in
                let place = place(of: step).map { " (\($0))" } ?? ""
                return "`\(workflow.steps[step].id)`\(place)"
            }
            let limit = isWhole ? names.count : Self.placeLimit
            return Wording.list(names, atMost: limit)
        }
    }

    private func place(of step: Int) -> String? {
        workflow.steps[step].range.map { range in
            let position = files.position(of: range)
            return "\(position.path):\(position.line)"
        }
    }

    /// The file with the settings, or where it would be: a `workflow.toml` beside step files.
    private var settingsFile: String {
        let names = files.files.map(\.path)
        if names.contains(path) { return path }
        return path + (path.hasSuffix("/") ? "" : "/") + "workflow.toml"
    }
}

extension SafetyReport {
    /// Adds the list to a document.
    package func write(to writer: inout JSONWriter) {
        writer.key("safety_checklist")
        writer.beginArray()
        for point in list.points {
            writer.newLine()
            writer.beginObject()
            writer.member("number", point.number)
            writer.member("title", point.title)
            writer.member("verdict", point.verdict.rawValue)
            writer.member("reason", point.reason)
            writer.key("set")
            writer.beginArray()
            for addition in point.additions { write(addition, to: &writer) }
            writer.endArray()
            if let advice = point.advice { writer.member("advice", advice) }
            writer.endObject()
        }
        writer.endArray()
    }

    private func write(_ addition: SafetyChecklist.Addition, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("toml", addition.toml)
        switch addition.place {
        case .execution:
            writer.member("table", "execution")
            writer.member("file", settingsFile)
        case .steps(let steps):
            writer.key("steps")
            writer.beginArray()
            for step in steps {
                writer.beginObject()
                writer.member("step_id", workflow.steps[step].id.rawValue)
                if let range = workflow.steps[step].range {
                    let position = files.position(of: range)
                    writer.member("file", position.path)
                    writer.member("line", position.line)
                }
                writer.endObject()
            }
            writer.endArray()
        }
        writer.endObject()
    }
}
