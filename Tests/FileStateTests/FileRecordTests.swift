import Execution
import Testing

@testable import FileState
@testable import Platform

@Suite("When a file need not be read again", .timeLimit(.minutes(20)))
struct FileRecordTests {
    private static let second: Int64 = 1_000_000_000

    private static func facts(
        _ kind: FileStamp.Kind = .file, modified: Int64 = 100, changed: Int64 = 100,
        size: Int64 = 5, inode: UInt64 = 7
    ) -> FileStamp {
        FileStamp(
            kind: kind, isExecutable: false, size: size, modifiedAt: modified * second,
            changedAt: changed * second, inode: inode)
    }

    private static func known(_ facts: FileStamp, seen: Int64) -> FileRecord {
        FileRecord(path: [1], facts: facts, digest: Digest(of: [1]), observedAt: seen * second)
    }

    @Test(
        "not while it is as young as the look at it: it might have changed since and look the same",
        arguments: [
            (99, false), (100, false), (101, false), (102, false), (103, true), (900, true),
        ])
    func young(seen: Int64, isTrusted: Bool) {
        let facts = Self.facts()
        #expect((Self.known(facts, seen: seen).content(for: facts) != nil) == isTrusted)
        // The later of both times counts, whichever it is.
        let changed = Self.facts(modified: 1, changed: 100)
        #expect((Self.known(changed, seen: seen).content(for: changed) != nil) == isTrusted)
        let modified = Self.facts(modified: 100, changed: 1)
        #expect((Self.known(modified, seen: seen).content(for: modified) != nil) == isTrusted)
    }

    @Test("not when size, a time or the inode differ, and never what cannot be read")
    func differing() {
        let known = Self.known(Self.facts(), seen: 900)
        #expect(known.content(for: Self.facts()) == Digest(of: [1]))
        for other in [
            Self.facts(modified: 99), Self.facts(changed: 99), Self.facts(size: 6),
            Self.facts(inode: 8), Self.facts(.link), Self.facts(.unreadable),
        ] {
            #expect(known.content(for: other) == nil, "\(other)")
        }
        // The looks of a link are those of all that it leads to.
        let link = Self.known(Self.facts(.link), seen: 900)
        #expect(link.content(for: Self.facts(.link)) == Digest(of: [1]))
        #expect(link.content(for: Self.facts(.link, inode: 8)) == nil)
    }
}
