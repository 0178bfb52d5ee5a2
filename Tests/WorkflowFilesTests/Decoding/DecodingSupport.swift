import WorkflowFiles
import WorkflowModel

/// A workflow as its text gives it, read, decoded and validated.
struct LoadedText {
    var workflow: Workflow
    var resolved: ResolvedWorkflow?
    var diagnostics: [Diagnostic]
    private let table: SourceTable

    init(_ text: String) {
        var table = SourceTable()
        let bytes = Array(text.utf8)
        let file = table.add(SourceFile(path: "workflow.toml", bytes: bytes))
        let document = TOMLReader.read(bytes, file: file)
        let decoded = WorkflowDecoder.decode(document.table, defaultName: "project")
        workflow = decoded.workflow
        let result = WorkflowValidator.resolve(decoded.workflow)
        resolved = result.workflow
        diagnostics = document.diagnostics + decoded.diagnostics + result.diagnostics
        self.table = table
    }

    /// Each diagnostic as `line:column message; help`.
    var messages: [String] {
        diagnostics.map { diagnostic in
            let place = diagnostic.range.map { position(of: $0) + " " } ?? ""
            return place + diagnostic.message + (diagnostic.help.map { "; \($0)" } ?? "")
        }
    }

    /// Where a range begins, as `line:column`.
    func position(of range: SourceRange) -> String {
        let before = table.files[Int(range.file)].bytes.prefix(Int(range.offset))
        let line = before.split(separator: 0x0A, omittingEmptySubsequences: false)
        return "\(line.count):\(String(decoding: line.last ?? [], as: UTF8.self).count + 1)"
    }

    /// The text that a range covers.
    func text(of range: SourceRange?) -> String? {
        guard let range else { return nil }
        let bytes = table.files[Int(range.file)].bytes.dropFirst(Int(range.offset))
        return String(decoding: bytes.prefix(Int(range.length)), as: UTF8.self)
    }
}
