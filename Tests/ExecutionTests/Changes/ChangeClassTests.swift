import Testing
import TestSupport
import WorkflowModel

@testable import Execution

@Suite("Changed files are sorted into classes, the first that matches first")
struct ChangeClassTests {
    @Test(
        "files of every common language find their class",
        arguments: [
            (
                "docs",
                """
                README.md docs/logo.png Sources/App.docc/Tutorial.swift LICENSE notes.txt a/b/c.rst
                tests/README.md doc/manual.xml CHANGELOG CONTRIBUTING.adoc
                """
            ),
            (
                "tests",
                """
                Tests/AppTests/A.swift App/AppTests.swift pkg/x_test.go tests/it.rs test/a.c
                test_x.py tests.py conftest.py src/test/java/A.java src/main/java/ATest.java
                a.test.js a.spec.ts __tests__/a.js spec/a_spec.rb a_unittest.cc AppUITests/x.m
                a.bats t/basic.t FooSpec.scala FooTests.cs lib/x_test.exs x_test.dart tests/data.json
                """
            ),
            (
                "config",
                """
                package.json .github/workflows/ci.yml a.yaml Cargo.toml Cargo.lock .gitignore
                .eslintrc.js Dockerfile Dockerfile.dev Package.swift go.mod pom.xml build.gradle
                build.gradle.kts CMakeLists.txt requirements.txt setup.cfg App.csproj main.tf
                .swift-format deploy/app.service BUILD.bazel dev-requirements.txt Gemfile
                """
            ),
            (
                "scripts",
                """
                build.sh scripts/x.py a/scripts/b Makefile tools/x.mk steps/step_01_a bin/run a.ps1
                justfile src/workflow/x
                """
            ),
            (
                "code",
                """
                Sources/App/A.swift main.go src/lib.rs a.c b.cc c.hpp App.java A.kt x.py a.rb a.js
                a.tsx a.php a.cs a.hs a.ex a.scala a.css index.html q.sql a.proto a.m a.zig a.dart
                latest.js contest.py Testament.swift
                """
            ),
            ("other", "logo.png font.woff2 data.bin NOTES a.unknown dir.md/x"),
        ])
    func defaults(name: String, files: String) throws {
        let classes = try ChangeClasses()
        for file in files.split(whereSeparator: \.isWhitespace) {
            #expect(classes.name(of: String(file)) == name, "\(file)")
        }
    }

    @Test("classes of the table come first, in its order, and replace those of the same name")
    func table() throws {
        let classes = try ChangeClasses([
            ("assets", ["**/*.png", "static/**", "!static/*.js"]), ("code", ["src/**"]),
            ("tests", []),
        ])
        #expect(
            classes.names == ["assets", "code", "tests", "docs", "config", "scripts", "other"])
        let expected = [
            "a/logo.png": "assets", "static/a.css": "assets", "static/a.js": "other",
            "src/README.md": "code", "README.md": "docs", "a.swift": "other", "a_test.go": "other",
            "src/logo.png": "assets",
        ]
        for (path, name) in expected { #expect(classes.name(of: path) == name, "\(path)") }
    }

    @Test("the quick forms match exactly what the patterns mean")
    func quickForms() throws {
        let patterns = [
            "**/*.md", "**/a", "**/a*", "**/*a*b*", "**/a/**", "**/*a/**", "**/*", "**/.*",
            "**/a**b", "**/*.a.md", "**/a?", "**/{a,b}", "**/[ab]/**", "a/**", "*.md", "**/**",
        ]
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            let parts = (0...Int.random(in: 0...2, using: &generator)).map { _ in
                (0...Int.random(in: 0...4, using: &generator)).map { _ in
                    ["a", "b", ".", "md", "."].randomElement(using: &generator) ?? ""
                }.joined()
            }.filter { $0 != "." && $0 != ".." }
            guard !parts.isEmpty else { continue }
            let path = parts.joined(separator: "/")
            for pattern in patterns {
                let quick = try PathPatterns([pattern], of: "x").match(path)
                #expect(try quick == Glob(pattern).matches(path), "\(pattern) \(path)")
            }
        }
    }

    @Test(
        "the kind of a change is what the classes of its files make it",
        arguments: [
            ([], "none"), (["docs"], "docs-only"), (["assets"], "assets-only"),
            (["other"], "unknown"), (["docs", "other"], "mixed"), (["docs", "code"], "mixed"),
            (["docs", "code", "other"], "mixed"), (["docs", "code", "tests"], "full-stack"),
        ] as [([String], String)])
    func kinds(classes: [String], kind: String) {
        #expect(ChangeClasses.kind(of: Set(classes)) == kind)
    }

    @Test("what is no pattern is named")
    func noPattern() {
        #expect(throws: ChangePatternError(name: "a", pattern: "!{b", error: .unclosedAlternatives))
        {
            try ChangeClasses([("a", ["*.md", "!{b"])])
        }
    }
}
