import Testing
import TestSupport
import WorkflowModel

@testable import Execution

@Suite("Changed paths tell which steps they touch")
struct ChangedPathTests {
    private static let changes = ChangedPaths(
        since: "main",
        [
            "docs/a.md", "docs/deep/b.md", "docs.md", "docs-old/c.md", "src/x.c", "src/x.h", "link",
            "run.sh", "docs/\u{e4}.md",
        ].map { ChangedPath(Array($0.utf8), .edited) } + [
            ChangedPath(Array("mod".utf8), .edited, isRepository: true),
            ChangedPath(Array("[m]".utf8), .new, isRepository: true),
            ChangedPath([0x64, 0x2f, 0xff], .new),
        ])

    private func touched(
        _ included: [String], except excluded: [String] = [], scripts: [String] = []
    ) throws -> [String] {
        let reads = ReadPatterns(
            included: try included.map { try Glob($0) },
            excluded: try excluded.map { try Glob($0) }, scripts: scripts)
        return Self.changes.touched(by: reads).map { Self.changes.texts[$0] }
    }

    @Test(
        "patterns touch what they match, and what lies below a path that is a directory",
        arguments: [
            (["docs/*.md"], ["docs/a.md", "docs/ä.md"]),
            (["docs/**"], ["docs/a.md", "docs/deep/b.md", "docs/ä.md"]),
            (["docs"], ["docs/a.md", "docs/deep/b.md", "docs/ä.md"]),
            (["docs/"], ["docs/a.md", "docs/deep/b.md", "docs/ä.md"]),
            (["docs/a.md"], ["docs/a.md"]), (["docs/b.md"], []), (["*.md"], ["docs.md"]),
            (["src/*.{c,cc}"], ["src/x.c"]), (["./src/x.h"], ["src/x.h"]),
            // What a changed link leads to is not what it was.
            (["link/a"], ["link"]), (["link/**/a"], ["link"]), (["lin/a"], []),
            // Nobody knows what has changed inside of another repository.
            (["mod/src/a.c"], ["mod"]), (["mod/**/*.c"], ["mod"]), (["**/a.c"], ["[m]", "mod"]),
            (["*/a.c"], ["[m]", "mod"]), (["model/a.c"], []), (["m/a.c"], []),
            (["d/*"], ["d/\u{fffd}"]),
        ] as [([String], [String])])
    func patterns(included: [String], expected: [String]) throws {
        #expect(try touched(included) == expected)
    }

    @Test("exclusions take away, but not a script")
    func exclusions() throws {
        #expect(try touched(["docs"], except: ["docs/deep/**", "docs/ä.md"]) == ["docs/a.md"])
        #expect(try touched(["docs/a.md"], except: ["**/*.md"]) == [])
        #expect(try touched(["run.sh"], except: ["**"], scripts: ["run.sh"]) == ["run.sh"])
        #expect(try touched([], scripts: ["run.sh", "other"]) == ["run.sh"])
    }

    @Test("any list of paths gives what asking each path gives")
    func oracle() throws {
        var generator = SeededGenerator(seed: 3)
        let patterns = ["a", "a/**", "*/a", "a/b/*", "a0/*", "**/a.c", "a-b/*.c", "a/a"]
        for _ in 0..<500 {
            let paths = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                (0...Int.random(in: 0...2, using: &generator)).map { _ in
                    ["a", "b", "a.c", "ab", "a-b", "a0"].randomElement(using: &generator) ?? ""
                }.joined(separator: "/")
            }
            let changes = ChangedPaths(
                since: "x", paths.map { ChangedPath(Array($0.utf8), .edited) })
            for pattern in patterns {
                let glob = try Glob(pattern)
                let found = Set(
                    changes.touched(by: ReadPatterns(included: [glob])).map { changes.texts[$0] })
                for path in paths {
                    let isBelow = glob.literal.map { path.hasPrefix($0 + "/") } ?? false
                    let above = glob.literal ?? glob.directory
                    let isAbove = above == path || above.hasPrefix(path + "/")
                    #expect(
                        found.contains(path) == (glob.matches(path) || isBelow || isAbove),
                        "\(pattern) \(path)")
                }
            }
        }
    }
}
