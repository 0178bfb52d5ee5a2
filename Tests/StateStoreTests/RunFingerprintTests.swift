import Execution
import Testing
import WorkflowModel

@testable import StateStore

@Suite("What the steps of a run were made from")
struct RunFingerprintTests {
    private static func contents(_ word: String) -> Fingerprint {
        Fingerprint(
            declared: [
                FingerprintPart("line", "make \(word)"), FingerprintPart("env_inputs X", ""),
            ],
            declaredDigest: Digest(of: Array(word.utf8)),
            files: [
                FileContent(path: [0x66, 0xFF], kind: 3, digest: Digest((1, 2, 3, 4))),
                FileContent(path: Array("é/\n".utf8), kind: 2, digest: .zero),
            ],
            products: [OutputDigest(step: "before", digest: Digest((4, 3, 2, 1)))])
    }

    private static let head = Array("stepvisor ingredients 2\n".utf8)
    private static let nothing = Fingerprint(
        declared: [], declaredDigest: .zero, files: [], products: [])

    private static var file: [UInt8] {
        head + RunFingerprints.record(contents("old"), of: "a")
            + RunFingerprints.record(nothing, of: "b")
            + RunFingerprints.record(contents("new"), of: "a")
    }

    @Test("the last start of a step is what it was made from")
    func last() {
        #expect(RunFingerprints.contents(of: "a", in: Self.file) == Self.contents("new"))
        #expect(RunFingerprints.contents(of: "b", in: Self.file) == Self.nothing)
        #expect(RunFingerprints.contents(of: "c", in: Self.file) == nil)
    }

    @Test("what a death cut off is not there, and all before it is")
    func torn() {
        let whole = Self.file.count - RunFingerprints.record(Self.contents("new"), of: "a").count
        for length in whole..<Self.file.count {
            let torn = Array(Self.file.prefix(length))
            #expect(RunFingerprints.contents(of: "a", in: torn) == Self.contents("old"))
        }
        for length in 0..<whole {
            // Whatever is left is read without harm.
            let found = RunFingerprints.contents(of: "b", in: Array(Self.file.prefix(length)))
            #expect(found == nil)
        }
    }

    @Test("numbers that fit nothing ask for no memory, and another form is not read")
    func harmful() {
        var bytes = Self.file
        for place in bytes.indices.dropFirst(Self.head.count) {
            let kept = bytes[place]
            bytes[place] = 0xFF
            let found = RunFingerprints.contents(of: "a", in: bytes)
            #expect(found == nil || found == Self.contents("old") || bytes == Self.file)
            bytes[place] = kept
        }
        bytes[22] = UInt8(ascii: "3")
        #expect(RunFingerprints.contents(of: "b", in: bytes) == nil)
    }

    @Test("what an earlier version of the program kept is read")
    func older() {
        var file = Array("stepvisor ingredients 1\n".utf8)
        for word in ["old", "new"] {
            let record = RunFingerprints.record(Self.contents(word), of: "a")
            let body = record.dropFirst(RecordFrame.headSize)
            var writer = RecordWriter()
            writer.count(body.count)
            file += writer.bytes + body
        }
        #expect(RunFingerprints.contents(of: "a", in: file) == Self.contents("new"))
        for length in file.indices {
            let found = RunFingerprints.contents(of: "a", in: Array(file.prefix(length)))
            #expect(found == nil || found == Self.contents("old"))
        }
    }
}
