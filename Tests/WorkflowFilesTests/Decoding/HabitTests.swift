import Testing
import WorkflowFiles
import WorkflowModel

@Suite("What people write from habit")
struct HabitTests {
    private static func help(_ text: String) -> [String] {
        LoadedText(text).diagnostics.filter { $0.message.hasPrefix("unknown key") }
            .map { $0.help ?? "" }
    }

    @Test(
        "a word of other tools in a step is answered with the right key",
        arguments: [
            ("cmd", "command"), ("run", "command"), ("script", "command"),
            ("cwd", "working_directory"), ("dir", "working_directory"),
            ("workdir", "working_directory"), ("needs", "dependencies"), ("deps", "dependencies"),
            ("depends", "dependencies"), ("requires", "dependencies"), ("outputs", "output_files"),
            ("output", "output_files"), ("generates", "output_files"),
            ("produces", "output_files"), ("env", "environment"), ("retry", "retries"),
            ("if", "condition"), ("when", "condition"), ("sources", "inputs"),
            ("desc", "description"), ("title", "description"), ("timeout_seconds", "timeout"),
            ("continue_on_error", "allow_failure"), ("ignore-errors", "allow_failure"),
            ("finally", "always"), ("matrix", "foreach"), ("mutex", "resources_required"),
            // In any case, and with other marks between the words.
            ("CMD", "command"), ("workingDir", "working_directory"),
            ("dependsOn", "depends_on"), ("Output-Files", "output_files"),
            // With a slip.
            ("scirpt", "command"), ("artefacts", "output_files"),
        ])
    func step(word: String, key: String) {
        let text = "[[steps]]\nid = \"a\"\nx.y = 1\n\(word) = 1\n"
        #expect(Self.help(text).last == "did you mean `\(key)`?")
    }

    @Test("`name` is the id of a step without one, else its description")
    func name() {
        #expect(Self.help("[[steps]]\nname = \"a\"\n") == ["did you mean `id`?"])
        #expect(
            Self.help("[[steps]]\nid = \"a\"\nname = \"a\"\n") == ["did you mean `description`?"])
    }

    @Test(
        "elsewhere, too, and with the table that the key belongs in",
        arguments: [
            ("jobs = 4\n", "did you mean `steps`?"),
            ("max_parallel = 4\n", "did you mean `max_parallel_steps` in `[execution]`?"),
            ("include = []\n", "did you mean `includes` in `[composition]`?"),
            ("env = {}\n", "did you mean `environment`?"),
            ("[execution]\njobs = 4\n", "did you mean `max_parallel_steps`?"),
            ("[execution]\nmaxParallelSteps = 4\n", "did you mean `max_parallel_steps`?"),
            (
                "[execution]\nenv = {}\n",
                "did you mean `environment` at the top of the file or a step?"
            ),
            ("[execution]\nmax_paralel = 4\n", "did you mean `max_parallel_steps`?"),
            ("[[tasks]]\nneeds = []\n", "did you mean `dependencies`?"),
            (
                "[[steps]]\nid = \"b\"\nmax_jobs = 1\n",
                "did you mean `max_parallel_steps` in `[execution]`?"
            ),
        ])
    func elsewhere(text: String, help: String) {
        #expect(Self.help(text) == [help])
    }

    @Test("no habit is a key of its own table, and each key stands once")
    func declared() {
        for table in WorkflowKey.Table.allCases {
            let keys = WorkflowKeys.all.filter { $0.table == table }
            let spellings = keys.flatMap(\.spellings)
            #expect(Set(spellings).count == spellings.count, "\(table)")
            for key in keys {
                #expect(Set(key.habits).isDisjoint(with: spellings), "\(table): \(key.name)")
                #expect(Set(key.habits).count == key.habits.count, "\(table): \(key.name)")
            }
        }
    }

    @Test("thousands of unknown keys are told in short time")
    func many() {
        let keys = (0..<5_000).map { "key\($0) = 1\n" }.joined()
        #expect(Self.help("[[steps]]\nid = \"a\"\n" + keys).count == 5_000)
    }
}
