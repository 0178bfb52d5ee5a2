import Testing
import WorkflowFiles
import WorkflowModel

@Suite("Leftovers in a directory of steps")
struct EditorLeftoverTests {
    private func steps(beside name: String) throws -> LoadedWorkflow {
        let project = try TemporaryProject()
        try project.writeStep("steps/step_01_deploy.sh")
        try project.writeStep("steps/" + name)
        return WorkflowLoader.load(path: "steps", workingDirectory: project.path)
    }

    @Test(
        "copies that editors, merges and package managers leave are passed over, with a note",
        arguments: [
            "step_01_deploy.sh~", "#step_01_deploy.sh#", ".step_01_deploy.sh.swp",
            "step_01_deploy.sh.orig", "step_01_deploy.sh.rej", "step_01_deploy.sh.BAK",
            "step_01_deploy.sh.swp", "step_01_deploy.sh.save", "step_01_deploy.sh.save.1",
            "step_01_deploy.sh.tmp", "step_01_deploy.sh.~1~", "step_01_deploy.sh.old",
            "step_01_deploy.sh.dpkg-dist", "step_01_deploy.sh.ucf-old",
            "step_01_deploy.sh.rpmsave", "step_01_deploy.sh.rpmnew",
            "step_01_deploy.BACKUP.1234.sh", "step_01_deploy_LOCAL_7.sh",
            "step_01_deploy.sh.REMOTE.99", "step_01_deploy.BASE.1.sh",
        ])
    func passedOver(name: String) throws {
        let loaded = try steps(beside: name)
        #expect(loaded.workflow.steps.map(\.id.rawValue) == ["deploy"])
        #expect(loaded.resolved != nil)
        let note = try #require(loaded.diagnostics.first)
        #expect(loaded.diagnostics.count == 1 && note.severity == .note)
        #expect(note.message.hasPrefix("`steps/\(name)` is passed over"), "\(note.message)")
    }

    @Test(
        "names that only resemble those are steps",
        arguments: [
            ("base_1.sh", "base_1"), ("local_backup.sh", "local_backup"), ("my_BASE.sh", "my_BASE"),
            ("backup.1234.sh", "backup.1234"), ("v1.2.sh", "v1.2"), ("tmp.sh", "tmp"),
            ("orig", "orig"), ("rpm.sh", "rpm"), ("step_02_save.sh", "save"),
        ])
    func steps(name: String, id: String) throws {
        let loaded = try steps(beside: name)
        #expect(Set(loaded.workflow.steps.map(\.id.rawValue)) == ["deploy", id])
        #expect(loaded.diagnostics == [])
    }

    @Test("many are one note, and what a command names is started all the same")
    func many() throws {
        let project = try TemporaryProject()
        try project.writeStep("steps/a.sh")
        for number in 1...9 { try project.write("steps/a.sh.orig.\(number)", "") }
        try project.write("steps/b.bak", "#!/bin/sh\n", isExecutable: true)
        try project.write(
            "steps/workflow.toml", "[[steps]]\nid = \"b\"\ncommand = [\"steps/b.bak\"]\n")
        let loaded = WorkflowLoader.load(path: "steps", workingDirectory: project.path)
        #expect(loaded.workflow.steps.map(\.id.rawValue) == ["a", "b"])
        #expect(loaded.diagnostics.map(\.severity) == [.note])
        #expect(loaded.diagnostics.first?.message.contains("and 5 more are passed over") == true)
    }

    @Test("an included directory passes them over too")
    func included() throws {
        let project = try TemporaryProject()
        try project.writeStep("parts/a.sh")
        try project.writeStep("parts/a.sh.orig")
        try project.write(
            "workflow.toml", "[composition]\nincludes = [\"parts\"]\n[[steps]]\nid = \"b\"\n")
        let loaded = WorkflowLoader.load(path: nil, workingDirectory: project.path)
        #expect(loaded.workflow.steps.map(\.id.rawValue) == ["a", "b"])
        #expect(loaded.diagnostics.map(\.severity) == [.note])
    }
}
