import Execution
import Reporting

/// Every option of the command line, by its name in the code.
enum OptionKey: String, Hashable, Sendable, CaseIterable {
    // Options of every command.
    case file, directory, quiet, verbose, json, color, help, version
    // What to run, and how.
    case parallel, jobs, dryRun, keepGoing, only, from, until, skip
    case runner, timeout, grace, wait, output, resume, failed, decide, barriers, shuffle, replay
    // Options of other commands.
    case format, outputFile, check, run, follow, attempt, noWait, scope, template, strict
    // What a run may skip.
    case smartExecution, since, cache, force, exitCode, between
    // Options of `clean`.
    case older
}

/// The form of an option's value.
enum ValueForm: Hashable, Sendable {
    /// Any text that is not empty.
    case text
    /// One of these words; those for a later version are rejected by name.
    case choice([String], later: [String] = [])
    /// A number of steps, a percentage of the processors, or `auto`.
    case jobs
    /// A length of time, which may be zero.
    case duration
    /// A time limit: above zero, as in workflow files.
    case limit
    /// Names of steps, separated by commas.
    case steps
    /// The seed of random choices.
    case seed
    /// A number from 1.
    case number
    /// A step and the decision about it.
    case decision
}

/// One option as declared; parsing, help and suggestions use it.
struct OptionDeclaration: Sendable {
    /// Whether a value follows.
    enum Value: Hashable, Sendable {
        case none
        /// `--jobs N`: the name of the value in the help, and its form.
        case required(String, ValueForm)
        /// `--run [ID]`: the next word, unless it looks like an option.
        case optional(String, ValueForm)
        /// `--shuffle[=SEED]`: never the next word.
        case attached(String, ValueForm)
        /// `--between RUN RUN`: the next two words.
        case pair(String)
    }

    let key: OptionKey
    let long: String
    let short: Character?
    let value: Value
    let help: String
    /// False: the option is recognised, and rejected with one line.
    let isSupported: Bool

    init(
        _ key: OptionKey, _ long: String, short: Character? = nil, value: Value = .none,
        _ help: String
    ) {
        self.key = key
        self.long = long
        self.short = short
        self.value = value
        self.help = help
        isSupported = true
    }

    /// An option for a later version.
    init(later key: OptionKey, _ long: String) {
        self.key = key
        self.long = long
        short = nil
        value = .none
        help = ""
        isSupported = false
    }

    /// `-j, --jobs N`, as help shows it.
    var heading: String {
        let names = short.map { "-\($0), \(long)" } ?? "    \(long)"
        switch value {
        case .none: return names
        case .required(let name, _): return "\(names) \(name)"
        case .optional(let name, _): return "\(names) [\(name)]"
        case .attached(let name, _): return "\(names)[=\(name)]"
        case .pair(let name): return "\(names) \(name) \(name)"
        }
    }
}

extension OptionDeclaration {
    /// Options of every command.
    static let common: [OptionDeclaration] = [
        OptionDeclaration(
            .file, "--file", short: "f", value: .required("PATH", .text),
            "the workflow: a TOML or JSON file, or a directory of step files"),
        OptionDeclaration(
            .directory, "--directory", short: "C", value: .required("DIR", .text),
            "look for the workflow from DIR instead of here"),
        OptionDeclaration(.quiet, "--quiet", short: "q", "say only what went wrong"),
        OptionDeclaration(.verbose, "--verbose", short: "v", "say more"),
        OptionDeclaration(
            .color, "--color", value: .required("WHEN", .choice(["auto", "always", "never"])),
            "auto (default), always or never; NO_COLOR is heeded"),
        OptionDeclaration(.help, "--help", short: "h", "show this help"),
    ]

    /// Only valid alone: `stepvisor --version`.
    static let version = OptionDeclaration(.version, "--version", "show the version")

    /// Only for commands with output for programs.
    static let json = OptionDeclaration(.json, "--json", "print JSON on standard output")

    static let since = OptionDeclaration(
        .since, "--since", value: .required("REV", .text),
        "skip steps whose inputs do not differ from this git revision")

    static let jobs = OptionDeclaration(
        .jobs, "--jobs", short: "j", value: .required("N", .jobs),
        "at most N steps at once (a number, N% of the processors, or auto); implies --parallel")
    static let parallel = OptionDeclaration(
        .parallel, "--parallel", "run independent steps at the same time")

    /// Which steps are selected.
    static let selection: [OptionDeclaration] = [
        OptionDeclaration(
            .only, "--only", value: .required("STEP,…", .steps),
            "run these, and nothing that they depend on"),
        OptionDeclaration(
            .from, "--from", value: .required("STEP,…", .steps),
            "run these and what depends on them"),
        OptionDeclaration(
            .until, "--until", value: .required("STEP,…", .steps),
            "run these and what they depend on"),
        OptionDeclaration(
            .skip, "--skip", value: .required("STEP,…", .steps),
            "leave these out; what depends on them runs"),
    ]

    static let run: [OptionDeclaration] =
        [parallel, jobs]
        + [
            OptionDeclaration(
                .dryRun, "--dry-run", short: "n", "show what would run, in which phase, and why"),
            OptionDeclaration(
                .keepGoing, "--keep-going", short: "k",
                "run everything that does not depend on a failure"),
            OptionDeclaration(
                .resume, "--resume", value: .optional("RUN", .text),
                "resume a run, or the latest: what is done there stays done"),
            OptionDeclaration(
                .decide, "--decide", value: .required("STEP=WORD", .decision),
                "with --resume, of a step that failed: retry, skip, continue or halt"),
            OptionDeclaration(
                .failed, "--failed",
                "run what failed in the latest run, and what depends on it"),
        ] + selection + [
            OptionDeclaration(
                .runner, "--runner", value: .required("COMMAND", .text),
                "what starts the steps that have no command"),
            OptionDeclaration(
                .timeout, "--timeout", value: .required("TIME", .limit),
                "limit of a step without one of its own, such as 90s or 1h30m"),
            OptionDeclaration(
                .grace, "--grace", value: .required("TIME", .duration),
                "time between TERM and KILL for a step without one of its own"),
            OptionDeclaration(
                .barriers, "--barriers", "start a phase only when the one before it has ended"),
            OptionDeclaration(
                .shuffle, "--shuffle", value: .attached("SEED", .seed),
                "start steps in a random order that the graph allows"),
            OptionDeclaration(
                .replay, "--replay", value: .required("RUN", .text),
                "run what RUN started, one at a time in the order of the starts"),
            wait,
            OptionDeclaration(
                .output, "--output",
                value: .required("MODE", .choice(OutputMode.allCases.map(\.rawValue))),
                "logs that are shown: failures (default), group, prefix, stream or none"),
            json,
        ] + smart

    /// What may be skipped.
    static let smart: [OptionDeclaration] = [
        OptionDeclaration(
            .smartExecution, "--smart-execution",
            "skip steps whose inputs have not changed since they succeeded"),
        since,
        OptionDeclaration(
            .cache, "--cache",
            "skip those too whose outputs were kept: put them in place"),
        OptionDeclaration(.force, "--force", "run what is up to date, too"),
    ]

    /// Further results with which a step is compared, besides its last success.
    static let comparison: [OptionDeclaration] = [
        OptionDeclaration(
            .since, "--since", value: .required("REV", .text),
            "compare with this git revision instead of the last success"),
        OptionDeclaration(
            .cache, "--cache", "say whether its outputs were kept, and by which run"),
        between,
    ]

    static let wait = OptionDeclaration(
        .wait, "--wait", "wait while another run holds the project")
    static let exitCode = OptionDeclaration(
        .exitCode, "--exit-code",
        "exit 3 unless all is up to date: a run with --smart-execution would have work")
    static let between = OptionDeclaration(
        .between, "--between", value: .pair("RUN"),
        "compare what the step was made from in two runs")

    static let graph: [OptionDeclaration] = [
        OptionDeclaration(
            .format, "--format",
            value: .required("FORMAT", .choice(["mermaid", "dot", "json"], later: ["svg"])),
            "mermaid (default), dot or json"),
        OptionDeclaration(
            .outputFile, "--output", short: "o", value: .required("FILE", .text),
            "write FILE instead of standard output"),
        OptionDeclaration(
            .check, "--check", value: .required("FILE", .text),
            "fail with exit 1 when FILE is not this diagram"),
        OptionDeclaration(
            .run, "--run", value: .optional("ID", .text),
            "colour the steps by how they ended in a run; the latest when no ID is given"),
        json,
    ]

    static let ofRun = OptionDeclaration(
        .run, "--run", value: .required("ID", .text), "of this run instead of the latest")
    static let follow = OptionDeclaration(
        .follow, "--follow", short: "f", "go on until the step has ended")

    static let attempt = OptionDeclaration(
        .attempt, "--attempt", value: .required("N", .number),
        "only what this attempt of the step wrote, from 1")

    static let lock: [OptionDeclaration] = [
        OptionDeclaration(
            .noWait, "--no-wait", "exit 4 at once when somebody else holds the lock"),
        OptionDeclaration(
            .scope, "--scope", value: .required("SCOPE", .choice(["project", "host"])),
            "among the runs of this project, or of all projects on this machine"),
    ]

    static let clean: [OptionDeclaration] = [
        OptionDeclaration(.cache, "--cache", "the kept outputs and logs of steps"),
        OptionDeclaration(
            .older, "--older", value: .required("TIME", .duration),
            "only what was not used for so long, such as 12h or 7d"),
        json,
    ]

    static let strict = OptionDeclaration(
        .strict, "--strict",
        "also judge the ten points to be met before steps run in parallel; exit 2 if one is not")

    static let template = OptionDeclaration(
        .template, "--template",
        value: .required("NAME", .choice(WorkflowTemplate.allCases.map(\.rawValue))),
        "scripts (default): a directory of step files; toml: one workflow file")
}
