/// The files that `stepvisor init` writes.
enum WorkflowTemplate: String, CaseIterable, Sendable {
    case scripts, toml

    struct File: Sendable {
        let path: String
        let text: String
        let isExecutable: Bool
    }

    /// Names that must not exist before.
    static let allNames = ["workflow.toml", "steps"]

    var directories: [String] { self == .scripts ? ["steps"] : [] }

    var files: [File] {
        switch self {
        case .scripts: Self.scriptFiles
        case .toml: [File(path: "workflow.toml", text: Self.workflow, isExecutable: false)]
        }
    }

    private static let scriptFiles = [
        File(path: "steps/workflow.toml", text: settings, isExecutable: false),
        script(
            "count_files", "Count the files of this project", after: [],
            body: """
                find . -path ./.stepvisor -prune -o -path ./.git -prune -o -type f -print | wc -l |
                    { read -r count; echo "files=$count" > "$STEPVISOR_OUTPUT"; echo "$count files"; }
                """),
        script(
            "find_notes", "List the lines that ask for more work", after: [],
            body: """
                # grep exits with 1 when there is nothing to find, which is fine here.
                grep -rnE 'TO''DO|FIX''ME' . --exclude-dir=.git --exclude-dir=.stepvisor || test $? -eq 1
                """),
        script(
            "check_scripts", "Check that every step file is sound shell", after: [],
            body: """
                for script in steps/*.sh; do
                    sh -n "$script"
                    echo "$script is sound"
                done
                """),
        script(
            "summary", "Put together what the other steps found",
            after: ["count_files", "find_notes", "check_scripts"],
            body: """
                cat "$STEPVISOR_OUTPUTS/count_files"
                echo "logs are in $STEPVISOR_RUN_DIR/logs"
                """),
    ]

    private static func script(
        _ id: String, _ description: String, after dependencies: [String], body: String
    ) -> File {
        let list = dependencies.map { "\"\($0)\"" }.joined(separator: ", ")
        let edges = dependencies.isEmpty ? "" : "# dependencies = [\(list)]\n"
        return File(
            path: "steps/\(id).sh",
            text: """
                #!/bin/sh
                # /// step
                # description = "\(description)"
                \(edges)# ///
                set -eu
                \(body)

                """,
            isExecutable: true)
    }

    private static let settings = """
        # Settings of the steps in this directory: every executable file with a `# /// step` header.
        name = "example"

        [execution]
        max_parallel_steps = 3     # the limit of `stepvisor --parallel`
        timeout = "5m"             # of each step

        """

    private static let workflow = """
        name = "example"

        [execution]
        max_parallel_steps = 3     # the limit of `stepvisor --parallel`
        timeout = "5m"             # of each step

        [[steps]]
        id = "count_files"
        description = "Count the files of this project"
        command = "find . -path ./.stepvisor -prune -o -type f -print | wc -l > \\"$STEPVISOR_OUTPUT\\""

        [[steps]]
        id = "show_system"
        description = "Say what this runs on"
        command = ["uname", "-a"]

        [[steps]]
        id = "summary"
        description = "Put together what the other steps found"
        command = "echo files: $(cat \\"$STEPVISOR_OUTPUTS/count_files\\")"
        dependencies = ["count_files", "show_system"]

        """
}
