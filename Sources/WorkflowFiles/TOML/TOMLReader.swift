public import WorkflowModel

/// Reads TOML 1.0 and 1.1.
///
/// It knows the syntax and TOML's own rules on tables; the decoder knows what the keys mean.
public enum TOMLReader {
    /// Reads a document; the diagnostics hold every syntax mistake in text order, and the table
    /// holds what could be read.
    public static func read(
        _ bytes: [UInt8], file: Int
    ) -> (table: DocumentTable, diagnostics: [Diagnostic]) {
        bytes.withUnsafeBufferPointer { buffer in
            switch UTF8Check.check(buffer, file: file) {
            case .notText(let problem):
                return (DocumentTable(), [problem])
            case .text(let problems):
                var parser = TOMLParser(buffer, file: file, textProblems: problems)
                parser.parseDocument()
                return (
                    parser.tree.frozen(TOMLTree.root),
                    parser.problems.inTextOrder(with: problems)
                )
            }
        }
    }
}
