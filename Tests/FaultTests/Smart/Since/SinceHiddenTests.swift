import Foundation
import Testing
import TestSupport

@Suite("--since sees what git was told not to see", .timeLimit(.minutes(20)))
struct SinceHiddenTests {
    @Test(
        "flags and settings hide no edit",
        arguments: [
            "git update-index --skip-worktree docs/a.md; echo x > docs/a.md",
            "git update-index --assume-unchanged docs/a.md; echo x > docs/a.md",
            "git update-index --assume-unchanged docs/a.md; rm docs/a.md",
            "git config core.checkStat minimal; git config core.trustctime false; "
                + "touch -d @1000000000 docs/a.md; git status -s; echo x > docs/a.md; "
                + "touch -d @1000000000 docs/a.md",
            "git update-index --skip-worktree docs/a.md; rm docs/a.md",
            // Within the second in which git looked, and with the time put back.
            "touch -d @1000000000 docs/a.md; git status -s; echo x > docs/a.md; "
                + "touch -d @1000000000 docs/a.md; git status -s",
            "git config core.ignoreStat true; git add docs/a.md; echo x > docs/a.md",
            "git config core.untrackedCache true; git status -s; echo x > docs/new.md",
        ])
    func hidden(change: String) throws {
        let project = try GitProject()
        #expect(try project.space.run("run", "--since", "HEAD").error.contains("nothing to do"))
        try project.shell(change)
        let result = try project.space.run("run", "--since", "HEAD")
        #expect(result.code == 0 && !result.error.contains("nothing to do"), "\(result)")
    }

    @Test("a flag on a file that is as it was, or was left out of the work tree, is no change")
    func unchanged() throws {
        let project = try GitProject()
        try project.shell(
            """
            git config core.sparseCheckout true
            git update-index --assume-unchanged docs/a.md; git update-index --skip-worktree docs/b.md
            rm docs/b.md; touch docs/a.md
            ln -s a.md docs/link; git add docs/link; git commit -qm 2; touch -h -d @9 docs/link
            """)
        let result = try project.space.run("run", "--since", "HEAD")
        #expect((result.output + result.error).contains("nothing to do"), "\(result)")
    }
}
