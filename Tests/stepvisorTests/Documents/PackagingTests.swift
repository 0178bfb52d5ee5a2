import Foundation
import TestSupport
import Testing

/// What `scripts/package` counts on.
@Suite("The package", .timeLimit(.minutes(20)))
struct PackagingTests {
    /// Words of Foundation's interface whose answers come from ICU's tables, which the packed program
    /// does not have.
    private static let internationalization = [
        "Calendar", "Collator", "DateComponents", "DateFormatter", "ISO8601DateFormatter", "Locale",
        "MeasurementFormatter", "NSRegularExpression", "NumberFormatter", "TimeZone",
        "applyingTransform", "capitalized", "caseInsensitive", "diacriticInsensitive", "formatted",
        "localizedCaseInsensitiveCompare", "localizedCompare", "localizedDescription",
        "localizedStandardCompare", "folding",
    ]

    @Test("no source asks Foundation for what comes from ICU's tables")
    func sources() throws {
        let sources = Repository.root.appendingPathComponent("Sources")
        let files = try #require(
            FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)
        ).compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
        #expect(files.count > 100)
        let words = Set(Self.internationalization)
        for file in files {
            let text = try String(contentsOf: file, encoding: .utf8)
            for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
                .enumerated()
            where !line.drop(while: { $0 == " " }).hasPrefix("//") {
                let used = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }
                    .first { words.contains(String($0)) }
                #expect(!line.contains("options: .regularExpression"), "\(file.path):\(index + 1)")
                #expect(
                    used == nil,
                    "\(file.path):\(index + 1): `\(used ?? "")` is answered from ICU's tables")
            }
        }
    }
}
