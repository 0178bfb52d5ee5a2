import Foundation
public import WorkflowModel

/// Reads JSON: Foundation decides what is valid, ``JSONLocator`` finds the places.
public enum JSONReader {
    /// Reads a document whose top level is an object; reports a repeated key, which Foundation
    /// accepts.
    public static func read(
        _ bytes: [UInt8], file: Int
    ) -> (table: DocumentTable, diagnostics: [Diagnostic]) {
        let checked = bytes.withUnsafeBufferPointer {
            UTF8Check.check($0, file: file, allowsControls: true)
        }
        switch checked {
        case .notText(let problem):
            return (DocumentTable(), [problem])
        case .text(let problems):
            let encoding = problems.inTextOrder()
            guard encoding.isEmpty else { return (DocumentTable(), encoding) }
        }
        return bytes.withUnsafeBufferPointer { buffer in
            var locator = JSONLocator(buffer, file: file)
            // This limits the depth before Foundation sees the text.
            let root = locator.locate()
            var diagnostics = locator.problems.inTextOrder()
            if diagnostics.isEmpty, let refusal = foundationRefusal(bytes, file: file) {
                diagnostics.append(refusal)
            }
            return (root ?? DocumentTable(), diagnostics)
        }
    }

    /// The error that Foundation reports for the text; nil when it accepts the text.
    private static func foundationRefusal(_ bytes: [UInt8], file: Int) -> Diagnostic? {
        do {
            _ = try JSONSerialization.jsonObject(with: Data(bytes))
            return nil
        } catch {
            let details = (error as NSError).userInfo
            let offset = details["NSJSONSerializationErrorIndex"] as? Int ?? 0
            let text = details["NSDebugDescription"] as? String ?? "Foundation rejects it"
            return .error(
                "not valid JSON: \(text)", at: SourceRange(file: file, offset: offset, length: 1))
        }
    }

    /// The text of a string literal with escapes, as Foundation reads it; nil when Foundation
    /// rejects it.
    static func unescaped(_ literal: UnsafeBufferPointer<UInt8>) -> String? {
        let value = try? JSONSerialization.jsonObject(
            with: Data(literal), options: [.fragmentsAllowed])
        return value as? String
    }
}
