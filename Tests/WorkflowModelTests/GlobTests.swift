import Testing
import TestSupport
import WorkflowModel

@Suite("Globs")
struct GlobTests {
    @Test(
        "a pattern matches the paths it means and no others",
        arguments: [
            ("docs/api.md", ["docs/api.md"], ["docs/api", "docs/api.md/x", "api.md"]),
            ("./docs//api.md", ["docs/api.md"], ["docs"]),
            ("*.md", ["a.md", ".md", ".hidden.md"], ["docs/a.md", "a.mdx", "a"]),
            ("docs/*", ["docs/a", "docs/.a"], ["docs", "docs/a/b"]),
            ("docs/**/*.md", ["docs/a.md", "docs/x/y/a.md"], ["docs.md", "xdocs/a.md"]),
            ("**/*.swift", ["a.swift", "x/y/a.swift"], ["/a.swift", "a.swift/b"]),
            ("docs/**", ["docs/a", "docs/a/b"], ["docs", "docsx/a"]),
            ("docs/", ["docs/a", "docs/a/b"], ["docs"]),
            ("a**b", ["ab", "axxb"], ["a/b"]),
            ("?.txt", ["a.txt", "é.txt"], [".txt", "ab.txt"]),
            ("[a-c]x", ["ax", "cx"], ["dx", "-x"]),
            ("[!a-c]x", ["dx"], ["ax", "/x"]),
            ("[]x]y", ["]y", "xy"], ["y"]),
            ("[a-]y", ["-y", "ay"], ["by"]),
            ("{a,b}.c", ["a.c", "b.c"], ["ab.c", "c.c"]),
            ("{src,lib/{x,y}}/*.c", ["src/m.c", "lib/x/m.c", "lib/y/m.c"], ["lib/m.c"]),
            ("{src/,}**/m", ["src/a/m", "src/m", "m", "q/m"], ["msrc"]),
            ("a{,b}", ["a", "ab"], ["abb"]),
            ("a,b}", ["a,b}"], ["a"]),
            (#"\*\{x"#, ["*{x"], ["a{x"]),
            ("/etc/*", ["/etc/hosts"], ["etc/hosts"]),
            ("x/**/y/**/z", ["x/y/z", "x/a/y/b/c/z"], ["x/z"]),
        ] as [(String, [String], [String])])
    func matching(pattern: String, inside: [String], outside: [String]) throws {
        let glob = try Glob(pattern)
        for path in inside { #expect(glob.matches(path), "\(pattern) should match \(path)") }
        for path in outside {
            #expect(!glob.matches(path), "\(pattern) should not match \(path)")
        }
    }

    @Test(
        "what is no pattern is refused with its reason",
        arguments: [
            ("", GlobError.empty), ("[a", .unclosedSet), ("[]", .unclosedSet),
            ("{a,b", .unclosedAlternatives), (#"a\"#, .trailingBackslash),
            ("[z-a]", .reversedRange("z", "a")),
            (String(repeating: "{", count: 17), .nestedTooDeeply),
            (String(repeating: "a", count: 1025), .tooLong),
        ] as [(String, GlobError)])
    func errors(text: String, error: GlobError) {
        #expect(throws: error) { try Glob(text) }
    }

    @Test("a pattern of many stars takes no exponential time")
    func manyStars() throws {
        let glob = try Glob(String(repeating: "*a", count: 200) + "b")
        #expect(!glob.matches(String(repeating: "a", count: 2000)))
        let alternatives = try Glob(String(repeating: "{a,b,*}", count: 100))
        #expect(!alternatives.matches(String(repeating: "a", count: 300) + "/"))
    }

    @Test(
        "two patterns overlap when there is a path that both match",
        arguments: [
            ("*.md", "docs.*", true), ("*.md", "*.txt", false), ("a*", "*b", true),
            ("docs/**", "docs/x/*.md", true), ("docs/**", "src/**", false),
            ("**/a", "x/*", true), ("**/a", "x/*b", false), ("[a-m]*", "[n-z]*", false),
            ("[a-m]*", "[m-z]", true), ("{a,b}/x", "{b,c}/*", true),
            ("{a,b}/x", "{c,d}/*", false), ("a?", "a", false), ("docs/a", "docs/*", true),
            ("docs/*", "docs/*/x", false), ("**/**/q", "q", true), ("/**", "**", false),
            ("a/*/c", "a/**/c", true), ("*x*/y", "ab/*", false),
        ] as [(String, String, Bool)])
    func overlapping(first: String, second: String, expected: Bool) throws {
        let a = try Glob(first)
        let b = try Glob(second)
        #expect(a.overlaps(b) == expected)
        #expect(b.overlaps(a) == expected)
    }

    @Test("overlap is exactly what trying every short path says")
    func overlapAgainstBruteForce() throws {
        var random = SeededGenerator(seed: 11)
        // With three pieces, two patterns that have a path in common have one of six characters.
        var paths = ["a", "b"]
        var last = paths
        for _ in 2...6 {
            last = last.flatMap { path in
                ["a", "b", "/"].filter { $0 != "/" || path.last != "/" }.map { path + $0 }
            }
            paths += last.filter { $0.last != "/" }
        }
        let pieces = ["a", "b", "*", "?", "**", "[a]", "[!a]", "{a,b}", "/", "/", "b*", "**/"]
        var overlapping = 0
        var apart = 0
        for _ in 0..<1000 {
            let texts = (0..<2).map { _ in
                (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    pieces[Int.random(in: 0..<pieces.count, using: &random)]
                }.joined()
            }
            guard let a = try? Glob(texts[0]), let b = try? Glob(texts[1]) else { continue }
            // A path never begins with a slash here, and these patterns ask for one.
            guard !texts.contains(where: { $0.hasPrefix("/") }) else { continue }
            let common = paths.first { a.matches($0) && b.matches($0) }
            #expect(a.overlaps(b) == (common != nil), "\(texts), \(common ?? "nothing in common")")
            if common == nil { apart += 1 } else { overlapping += 1 }
        }
        #expect(overlapping > 100 && apart > 100)
    }
}
