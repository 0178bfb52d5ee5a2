import Testing
import WorkflowFiles
import WorkflowModel

@Suite("Decoding: what is said of mistakes")
struct DecodingErrorTests {
    @Test(
        "a mistake in a step is said with its place and a way out",
        arguments: [
            (
                "depnds_on = []",
                "3:1 unknown key `depnds_on` in a step; did you mean `depends_on`?"
            ),
            (
                "max_parallel_steps = 2",
                "3:1 unknown key `max_parallel_steps` in a step; "
                    + "`max_parallel_steps` belongs in `[execution]` or a group"
            ),
            ("wibble = 1", "3:1 unknown key `wibble` in a step"),
            ("description = 1", "3:15 `description` must be a string, found an integer"),
            ("critical = \"yes\"", "3:12 `critical` must be true or false, found a string"),
            ("retries = \"2\"", "3:11 `retries` must be a whole number, found a string"),
            ("retries = -1", "3:11 `retries` must be at least 0, found -1"),
            (
                "retries = 99999999999",
                "3:11 `retries` must be at most 2147483647, found 99999999999"
            ),
            (
                "dependencies = \"b\"",
                "3:16 `dependencies` must be a list of ids, found a string; "
                    + "put it in brackets: `[…]`"
            ),
            (
                "dependencies = [1.2]",
                "3:17 `dependencies` must be a list of ids, found a number with a fraction in "
                    + "it; put it in quotes: \"1.2\""
            ),
            (
                "dependencies = [[]]",
                "3:17 `dependencies` must be a list of ids, found a list in it"
            ),
            (
                "dependencies = []\ndepends_on = []",
                "4:1 `depends_on` and `dependencies` are two spellings of one key; "
                    + "keep one of them"
            ),
            (
                "inputs = [\"a\", 2]",
                "3:16 `inputs` must be a list of strings, found an integer in it"
            ),
            (
                "success_pattern = \"([\"",
                "3:19 `success_pattern` is no regular expression: invalid regular expression; "
                    + "for a character that has a meaning, such as `(`, "
                    + "write `\\\\` before it"
            ),
            (
                "success_pattern = \"\(String(repeating: "[", count: 4000))\"",
                "3:19 `success_pattern` is no regular expression: more than 100 brackets; "
                    + "look for a simpler part of the text"
            ),
            (
                "success_pattern = \"\(String(repeating: "a", count: 4097))\"",
                "3:19 `success_pattern` is no regular expression: longer than 4096 bytes; "
                    + "look for a shorter part of the text"
            ),
            (
                "condition = '1 >> 1 ((('",
                "3:16 the condition of step `a`: `>>` is no operator; write `>=` or `>`"
            ),
            (
                "condition = \"true and (1 < 2\"",
                "3:23 the condition of step `a`: `(` is not closed; add `)`"
            ),
            // With escapes, the bytes of the text are not those of the file.
            (
                "condition = \"1 == \\\"x\\\" 2\"",
                "3:13 the condition of step `a`: `2` where the end of the expression belongs; "
                    + "join two comparisons with `and` or `or`"
            ),
            (
                "timeout = \"5 minutes\"",
                "3:11 `timeout` must be a duration, found `5 minutes`; "
                    + "write \"90s\", \"5m\", \"1h30m\", \"250ms\" or a number of seconds"
            ),
            (
                "timeout = -5",
                "3:11 `timeout` must be a duration, found -5; "
                    + "write \"90s\", \"5m\", \"1h30m\", \"250ms\" or a number of seconds"
            ),
            (
                "timeout = \"30m1h\"",
                "3:11 `timeout` must be a duration, found `30m1h`; "
                    + "write \"90s\", \"5m\", \"1h30m\", \"250ms\" or a number of seconds"
            ),
            (
                "timeout = \"100000d\"",
                "3:11 `timeout` is too long, found `100000d`; "
                    + "the longest duration is 100 years: \"36525d\""
            ),
            (
                "grace = 3155760000.1",
                "3:9 `grace` is too long, found 3155760000.1; "
                    + "the longest duration is 100 years: \"36525d\""
            ),
            (
                "timeout = 0",
                "3:11 `timeout` must be longer than 0; leave the key out for no limit"
            ),
            ("timeout = true", "3:11 `timeout` must be a duration, found true or false"),
            (
                "leftovers = \"keep\"",
                "3:13 `leftovers` must be \"kill\", \"warn\" or \"fail\", found `keep`"
            ),
            (
                "leftovers = \"kil\"",
                "3:13 `leftovers` must be \"kill\", \"warn\" or \"fail\", found `kil`; "
                    + "did you mean `kill`?"
            ),
            ("command = \" \"", "3:11 `command` must not be empty"),
            ("verify = \"\"", "3:10 `verify` must not be empty"),
            (
                "success_pattern = \"\"",
                "3:19 `success_pattern` must not be empty: it would be found in any log; "
                    + "name a text to look for, or leave the key out"
            ),
            ("command = []", "3:11 `command` must name a program first"),
            (
                "command = 3",
                "3:11 `command` must be a string or a list of strings, found an integer"
            ),
            ("command = \"a\\u0000b\"", "3:11 `command` must not contain NUL"),
            (
                "environment = { STEPVISOR_STEP = \"x\" }",
                "3:17 `STEPVISOR_STEP` cannot be set: stepvisor sets the variables that begin "
                    + "with `STEPVISOR_`; choose another name"
            ),
            (
                "environment = { \"a=b\" = \"x\" }",
                "3:17 the name of an environment variable must be neither empty nor contain `=` "
                    + "or NUL"
            ),
            (
                "environment = { A = 1.5 }",
                "3:21 `A` must be a string, found a number with a fraction"
            ),
            (
                "resources_required = [\"x\", \"x\"]",
                "3:28 resource `x` is named twice; for two units write "
                    + "`resources_required = { x = 2 }`"
            ),
            ("resources_required = { x = 0 }", "3:28 `x` must be at least 1, found 0"),
            (
                "retry_on = [0]",
                "3:13 `retry_on` holds neither an exit code from 1 to 255, nor a signal's name, "
                    + "nor \"timeout\"; write for example "
                    + "`retry_on = [75, \"SIGSEGV\", \"timeout\"]`"
            ),
            (
                "backups = [{ tool_args = [\"x\"] }]",
                "3:14 `tool_args` needs `tool_path`; name the program in `tool_path`"
            ),
            (
                "backups = [{ comand = \"x\" }]",
                "3:14 unknown key `comand` in a backup; did you mean `command`?"
            ),
        ] as [(String, String)])
    func stepMistakes(line: String, message: String) {
        let loaded = LoadedText("[[steps]]\nid = \"a\"\n\(line)\n")
        #expect(loaded.messages == [message])
        #expect(loaded.resolved == nil || loaded.diagnostics.contains { $0.severity == .error })
    }

    @Test(
        "a mistake elsewhere is said with its place and a way out",
        arguments: [
            (
                "[execution]\nmax_parallel_steps = 0",
                "2:22 `max_parallel_steps` must be at least 1, found 0"
            ),
            (
                "[execution]\nfailure_stratgy = \"optimistic\"",
                "2:1 unknown key `failure_stratgy` in `[execution]`; "
                    + "did you mean `failure_strategy`?"
            ),
            (
                "[execution]\ndefault_mode = \"loud\"",
                "2:16 `default_mode` must be \"dynamic\", \"silent\", \"collaborative\" or "
                    + "\"education\", found `loud`"
            ),
            (
                "[changes]\ndocs = [\"!**/[a.md\"]",
                "2:9 the pattern `!**/[a.md` has a `[` without its `]`; for a literal bracket write "
                    + "`\\[`"
            ),
            (
                "[execution.throttle]\npattern = \"a(b\"",
                "2:11 `pattern` is no regular expression: unmatched ( or \\(; for a character that "
                    + "has a meaning, such as `(`, write `\\\\` before it"
            ),
            (
                "[execution.throttle]\npattern = \"\"",
                "2:11 `pattern` must not be empty: it would be found in any log; "
                    + "name a text to look for, or leave the key out"
            ),
            (
                "[cache]\nmax_size = \"much\"",
                "2:12 `max_size` must be a size of more than nothing, found `much`; "
                    + "write \"500MB\", \"5GB\", \"2GiB\" or a number of bytes"
            ),
            (
                "[cache]\nmax_size = \"99999999999999TB\"",
                "2:12 `max_size` can be 1 EiB (1152921504606846976 bytes) at most, "
                    + "found `99999999999999TB`; "
                    + "write \"500MB\", \"5GB\", \"2GiB\" or a number of bytes"
            ),
            (
                "[cache]\nmax_size = true",
                "2:12 `max_size` must be a size, found true or false"
            ),
            (
                "[execution.throttle]\nexit_codes = [0]",
                "2:15 `exit_codes` holds no exit code from 1 to 255"
            ),
            (
                "[execution]\nerror_propagation = \"halt_on_critical\"\n"
                    + "[error_propagation]\nstrategy = \"continue_and_log\"",
                "4:1 `strategy` of `[error_propagation]` is `error_propagation` of `[execution]`; "
                    + "keep one of them"
            ),
            (
                "[resources]\napi = \"5\"",
                "2:7 `api` must be a number of units or a table, found a string"
            ),
            (
                "[groups.g]\nfailure_stratgy = \"optimistic\"\n[[steps]]\nid = \"b\"\nparallel_group = \"g\"",
                "2:1 unknown key `failure_stratgy` in a group; did you mean `failure_strategy`?"
            ),
            (
                "[groups.g]\nfailure_strategy = \"halt_on_critical\"\n[[steps]]\nid = \"b\"\nparallel_group = \"g\"",
                "2:20 `failure_strategy` must be \"pessimistic\" or \"optimistic\", "
                    + "found `halt_on_critical`"
            ),
            ("[groups]\ng = 2", "2:5 `g` must be a table, found an integer"),
            (
                "[resources]\napi = { capacty = 1 }",
                "2:9 unknown key `capacty` in a resource; did you mean `capacity`?"
            ),
            (
                "[resources]\napi = { scope = \"world\" }",
                "2:17 `scope` must be \"project\" or \"host\", found `world`"
            ),
            (
                "[[speclets]]\nid = 1",
                "2:6 speclet `1` has no tasks; name some: `tasks = [1]`, or remove it"
            ),
            (
                "[enviroment]\nA = \"b\"",
                "1:2 unknown key `enviroment` at the top of the file; did you mean `environment`?"
            ),
        ] as [(String, String)])
    func otherMistakes(text: String, message: String) {
        let loaded = LoadedText(text + "\n[[steps]]\nid = \"a\"\n")
        #expect(loaded.messages == [message])
    }

    @Test("all mistakes of a file are reported in one go")
    func allAtOnce() {
        let loaded = LoadedText(
            """
            nam = "x"
            [execution]
            grace = "soon"
            [[steps]]
            id = "a b"
            retries = -1
            dependencies = ["c"]
            [[steps]]
            command = "x"
            """)
        #expect(
            loaded.messages.map { String($0.prefix { $0 != ";" }) } == [
                "1:1 unknown key `nam` at the top of the file",
                "3:9 `grace` must be a duration, found `soon`",
                "6:11 `retries` must be at least 0, found -1",
                "8:1 a step has no `id`",
                "5:6 `a b` is no valid id: it holds a space",
                "7:17 step `a b` depends on an unknown step `c`",
            ])
        #expect(loaded.resolved == nil)
    }

    @Test("a key in a wrong table names the tables where it belongs")
    func rightTable() {
        let loaded = LoadedText("timeout = 5\n[[steps]]\nid = \"a\"\n")
        #expect(
            loaded.messages == [
                "1:1 unknown key `timeout` at the top of the file; "
                    + "`timeout` belongs in `[execution]` or a step"
            ])
    }
}
