import Foundation
import Testing
import TestSupport

/// One way to differ from a revision, and what is to be seen of it.
struct GitScene: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var directory = ""
    var change: String
    var since: String?
    var expected: [String: String]

    init(
        _ name: String, in directory: String = "", _ change: String, since: String? = nil,
        _ expected: [String: String]
    ) {
        testDescription = name
        self.directory = directory
        self.change = change
        self.since = since
        self.expected = expected
    }

    static let all: [GitScene] = [
        GitScene("nothing", "true", [:]),
        GitScene("an edit", "echo x > docs/a.md", ["docs/a.md": "edited"]),
        GitScene("a staged edit", "echo x > docs/a.md; git add .", ["docs/a.md": "edited"]),
        GitScene("a touched file", "touch -d 2001-01-01 docs/a.md", [:]),
        GitScene("a mode", "chmod +x docs/a.md", ["docs/a.md": "edited"]),
        GitScene("a new file", "mkdir n; echo x > n/x", ["n/x": "new"]),
        GitScene("a staged new file", "echo x > x; git add x", ["x": "new"]),
        GitScene("a file to be added", "echo x > x; git add -N x", ["x": "new"]),
        GitScene("a new file that is gone again", "echo x > x; git add x; rm x", [:]),
        GitScene("an ignored file", "echo x > docs/x.log", [:]),
        GitScene("a removal", "rm docs/a.md", ["docs/a.md": "removed"]),
        GitScene("a staged removal", "git rm -q docs/a.md", ["docs/a.md": "removed"]),
        GitScene(
            "a removal from the index alone", "git rm -q --cached docs/a.md; echo x > docs/a.md",
            ["docs/a.md": "edited"]),
        GitScene(
            "a rename", "git mv docs/a.md docs/c.md",
            ["docs/a.md": "removed", "docs/c.md": "new"]),
        GitScene(
            "a rename that is not staged", "mv docs/a.md docs/c.md",
            ["docs/a.md": "removed", "docs/c.md": "new"]),
        GitScene(
            "a rename in a commit", "git mv docs/a.md docs/c.md; git commit -qm two",
            since: "HEAD~1", ["docs/a.md": "removed", "docs/c.md": "new"]),
        GitScene(
            "a link where a file was", "ln -sf b.md docs/a.md", ["docs/a.md": "edited"]),
        GitScene(
            "a directory where a file was", "rm docs/a.md; mkdir docs/a.md; echo x > docs/a.md/x",
            ["docs/a.md": "removed", "docs/a.md/x": "new"]),
        GitScene(
            "commits, the index and the work tree together",
            """
            echo x > src/a.swift; git commit -qam two; echo y > docs/b.md; git add .
            echo z > new.md; rm docs/a.md
            """, since: "HEAD~1",
            [
                "src/a.swift": "edited", "docs/b.md": "edited", "new.md": "new",
                "docs/a.md": "removed",
            ]),
        GitScene(
            "a commit that is of no interest to HEAD",
            "echo x > src/a.swift; git commit -qam two", [:]),
        GitScene(
            "a commit that the work tree takes back",
            "echo x > src/a.swift; git commit -qam two; echo a > src/a.swift", since: "HEAD~1", [:]),
        GitScene(
            "a staged edit that the work tree takes back",
            "echo x > docs/a.md; git add .; echo a > docs/a.md", [:]),
        GitScene(
            "a tag of another branch",
            """
            git checkout -q -b other; echo x > docs/a.md; git commit -qam two; git tag -am t v1
            git checkout -q main
            """, since: "v1", ["docs/a.md": "edited"]),
        GitScene(
            "a merge with conflicts",
            """
            git checkout -q -b other; echo x > docs/a.md; git commit -qam two
            git checkout -q main; echo y > docs/a.md; git rm -q docs/b.md; git commit -qam three
            git merge -q other || true
            """, since: "main~1", ["docs/a.md": "edited", "docs/b.md": "removed"]),
        GitScene(
            "a conflict about a file that one side removed",
            """
            git checkout -q -b other; echo x > docs/a.md; git commit -qam two
            git checkout -q main; git rm -q docs/a.md; git commit -qm three
            git merge -q other || true; rm -f docs/a.md
            """, since: "main~1", ["docs/a.md": "removed"]),
        GitScene(
            "names of any bytes",
            #"""
            printf x > "$(printf 'docs/a\nb')"; printf x > 'docs/"q" \ $x'; printf x > 'docs/ x '
            printf x > "$(printf 'docs/\303\244')"; printf x > ./-n; printf x > ':(top)x'
            """#,
            [
                "docs/a\\nb": "new", "docs/\"q\" \\\\ $x": "new", "docs/ x ": "new",
                "docs/ä": "new", "-n": "new", ":(top)x": "new",
            ]),
        GitScene(
            "a project below the repository's root", in: "parts/a b",
            """
            echo x > docs/a.md; echo x > ../../outside.md; echo x > ../other
            git mv src/a.swift ../a.swift
            """, ["docs/a.md": "edited", "src/a.swift": "removed"]),
        GitScene(
            "a repository inside that git does not know of",
            "git init -q docs/inner; echo x > docs/inner/x; git -C docs/inner add .",
            ["docs/inner": "new"]),
    ]
}

@Suite(
    "What differs from a revision is told by git, and nothing is written", .timeLimit(.minutes(20)))
struct GitChangeTests {
    @Test("every difference from a revision is seen as what it is", arguments: GitScene.all)
    func scenes(_ scene: GitScene) throws {
        let project = try GitProject(in: scene.directory, scene.change)
        #expect(try project.changes(since: scene.since) == scene.expected)
    }

    @Test("a submodule is one path, for what is committed in it and for what is not")
    func submodule() throws {
        let project = try GitProject(
            """
            git init -q -b main state/origin; cd state/origin; mkdir src; echo x > src/a.c
            git add .; git commit -qm one; cd ../..
            git -c protocol.file.allow=always submodule --quiet add ./state/origin kept/repository
            git commit -qm two
            """)
        #expect(try project.changes() == [:])
        try project.inProject("echo y > kept/repository/src/a.c")
        #expect(try project.changes() == ["kept/repository": "edited"])
        try project.inProject("git -C kept/repository commit -qam two")
        #expect(try project.changes() == ["kept/repository": "edited"])
        // What the step reads lies in it.
        let text = try project.run("changes").output
        #expect(text.contains("touches links"), "\(text)")
        try project.inProject("git commit -qam three")
        #expect(try project.changes() == [:])
        #expect(
            try project.changes(since: "HEAD~2")
                == ["kept/repository": "new", ".gitmodules": "new"])
    }

    @Test("a second work tree is compared by what it has checked out")
    func worktree() throws {
        let project = try GitProject(
            "git worktree add -q state/second; echo x > state/second/docs/b.md; echo y > docs/a.md")
        let result = try project.run("changes", "-C", "state/second")
        #expect(result.output.contains("docs/b.md (edited)"), "\(result)")
        #expect(!result.output.contains("docs/a.md"))
    }

    @Test("a hook's environment does not lead elsewhere")
    func hookEnvironment() throws {
        let project = try GitProject("echo x > docs/a.md")
        try project.shell("git init -q -b main state/other; cp .git/index state/index")
        project.space.environment["GIT_DIR"] = project.space.path("state/other/.git")
        project.space.environment["GIT_WORK_TREE"] = project.space.path("state/other")
        project.space.environment["GIT_INDEX_FILE"] = project.space.path("state/missing")
        project.space.environment["GIT_PREFIX"] = "docs/"
        project.space.environment["GIT_OBJECT_DIRECTORY"] = project.space.path("state")
        #expect(try project.changes() == ["docs/a.md": "edited"])
    }

    @Test("it works from inside a hook")
    func hook() throws {
        let project = try GitProject("echo x > docs/a.md")
        try project.space.script(
            ".git/hooks/pre-commit", "\"$STEPVISOR\" changes --json > \"$HOME/state-hook\"")
        try project.shell("git commit -qam two")
        #expect(project.space.text("state-hook").contains(#""path":"docs/a.md","change":"edited""#))
    }

    @Test("the user's configuration runs nothing and hides nothing")
    func configuration() throws {
        let project = try GitProject()
        let program = project.space.path("state/spy")
        try project.space.script("state/spy", "echo \"$0 $*\" >> \"$HOME/state/spied\"; exec cat")
        let settings = [
            "diff.external": program, "core.pager": program, "pager.status": program,
            "core.fsmonitor": program, "diff.spy.textconv": program, "core.quotePath": "true",
            "diff.renames": "copies", "status.showUntrackedFiles": "no", "status.short": "true",
            "diff.ignoreSubmodules": "all", "status.relativePaths": "true", "status.branch": "true",
            "diff.noprefix": "true", "diff.relative": "true", "color.ui": "always",
            "core.hooksPath": project.space.path("state"), "status.showStash": "true",
            "column.ui": "always", "diff.orderFile": "/dev/null", "log.showSignature": "true",
        ]
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
            try project.shell("git config '\(key)' '\(value)'")
        }
        try project.shell(
            """
            cp state/spy state/post-index-change; echo '*.md diff=spy' > .git/info/attributes
            rm -f state/spied; echo x > docs/ä.md; mv docs/a.md docs/c.md; echo y > docs/b.md
            """)
        let before = project.space.tree()
        #expect(
            try project.changes() == [
                "docs/ä.md": "new", "docs/a.md": "removed", "docs/c.md": "new",
                "docs/b.md": "edited",
            ])
        #expect(project.space.text("state/spied") == "")
        #expect(project.space.tree() == before)
    }

    @Test("nothing is written, even where git would like to")
    func writesNothing() throws {
        // Every file's time differs from the index, which a plain `git status` would mend.
        let project = try GitProject("touch -d 2001-01-01 docs/*.md src/*; echo x > new.md")
        let before = project.space.tree()
        #expect(try project.changes() == ["new.md": "new"])
        _ = try project.run("changes", "--since", "main")
        #expect(project.space.tree() == before)
    }

    @Test("more is read than a pipe holds")
    func longList() throws {
        let project = try GitProject(
            """
            i=0; while [ $i -lt 3000 ]; do
              : > docs/a-name-that-makes-the-list-longer-than-any-pipe-$i; i=$((i+1))
            done
            """)
        #expect(try project.changes().count == 3000)
    }
}
