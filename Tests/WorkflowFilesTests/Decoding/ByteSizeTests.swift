import Testing

@testable import WorkflowFiles

@Suite("Sizes as people write them")
struct ByteSizeTests {
    @Test(
        "a number and a unit",
        arguments: [
            ("0", 0), ("1", 1), ("17B", 17), ("5GB", 5_000_000_000), ("1.5 TB", 1_500_000_000_000),
            ("64KiB", 65_536), ("2MiB", 2_097_152), ("2gib", 2_147_483_648), ("0.25KB", 250),
            ("0.1B", 1), ("1TiB", 1_099_511_627_776),
        ])
    func sizes(text: String, bytes: Int64) {
        #expect(ByteSize.parse(text) == bytes)
    }

    @Test(
        "anything else is none",
        arguments: [
            "", "GB", "5 G B", "-1", "1e3", "5G", "5GBs", ".5GB", "5.GB", "1.2.3MB", "nan", "inf",
            "999999999999TB", "５GB",
        ])
    func none(text: String) {
        #expect(ByteSize.parse(text) == nil)
    }
}
