import WorkflowModel

extension WorkflowTables {
    static let workflow = KeyTable<WorkflowDraft>(
        .workflow,
        [
            .string("name") { $0.workflow.name = $1 }
                .habits(
                    "title", "workflow", "workflow_name", "project", "pipeline", "id"),
            .string("descriptor") { $0.descriptor = $1 },
            KeyRule("execution", "a table") { draft, entry, reader in
                guard let table = reader.table(entry) else { return }
                execution.decode(table, into: &draft.workflow.execution, with: &reader)
                draft.executionTable = table
            }
            .habits(
                "settings", "config", "configuration", "options", "defaults", "default", "run",
                "global"),
            KeyRule("environment", "a table of strings") { draft, entry, reader in
                draft.workflow.environment = reader.environment(entry) ?? []
            }.habits("env", "envs", "env_vars", "environment_variables", "vars", "variables"),
            KeyRule("resources", "a table") { draft, entry, reader in
                draft.workflow.resources = reader.resources(entry) ?? []
            }.habits("resource", "locks", "semaphores", "pools"),
            KeyRule("groups", "a table of tables") { draft, entry, reader in
                draft.workflow.parallelGroups = reader.parallelGroups(entry)
            },
            KeyRule("composition", "a table") { draft, entry, reader in
                guard let table = reader.table(entry) else { return }
                composition.decode(table, into: &draft.workflow, with: &reader)
            }.habits("compose"),
            KeyRule("changes", "a table of lists of patterns") { draft, entry, reader in
                guard let table = reader.table(entry) else { return }
                draft.changes = table
                for line in table.entries {
                    guard let patterns = reader.classPatterns(line) else { continue }
                    draft.workflow.changeClasses.append((line.key, patterns))
                }
            },
            KeyRule("cache", "a table") { draft, entry, reader in
                guard let table = reader.table(entry) else { return }
                cache.decode(table, into: &draft.workflow.cache, with: &reader)
                draft.cache = entry
            },
            KeyRule("error_propagation", "a table") { draft, entry, _ in
                draft.errorPropagation = entry
            },
            KeyRule("steps", "a list of tables") { draft, entry, _ in draft.steps = entry }
                .habits(
                    "step", "job", "jobs", "stage", "stages", "nodes", "commands", "targets",
                    "recipes", "scripts", "rules", "actions"),
            KeyRule("tasks", "a list of tables") { draft, entry, _ in draft.tasks = entry }
                .habits(
                    "task", "sections", "phases"),
            KeyRule("speclets", "a list of tables") { draft, entry, _ in draft.speclets = entry },
            KeyRule("dependencies", "anything", isIgnored: true) { _, entry, reader in
                // A table is text for people; a list was meant for a step.
                if case .table = entry.value.content { return }
                reader.report(
                    .error(
                        "unknown key `dependencies` at the top of the file", at: entry.keyRange,
                        help: "`dependencies` belongs in a task, a speclet or a step"))
            },
        ] + prose.map { .ignored($0) })

    /// Tables of the source documents that are text for people.
    private static let prose = [
        "meta", "logging", "verification", "progress_tracking", "constraints", "components",
        "completion_criteria", "software_stack", "mcp_tools", "knowledge_capture",
        "goal", "metadata", "version", "last_updated", "validation", "deployment",
        "user_interface", "reporting", "troubleshooting", "education", "operational_modes",
        "interface_contract", "progress_log", "definition_of_complete",
        "post_execution_analysis", "constitution", "project_constitution",
        "constitutional_compliance",
    ]

    static let cache = KeyTable<CacheSettings>(
        .cache,
        [
            KeyRule("max_size", "a size") { cache, entry, reader in
                if let size = reader.size(entry) { cache.maxSize = size }
            },
            .limit("max_age") { $0.maxAge = $1 },
        ])

    static let composition = KeyTable<Workflow>(
        .composition,
        [
            KeyRule("includes", "a list of paths and tables") { workflow, entry, reader in
                workflow.includes = reader.includes(entry)
            }.habits("include", "imports", "import", "files")
        ])

    static let include = KeyTable<WorkflowInclude>(
        .include,
        [
            KeyRule("file", "a path") { include, entry, reader in
                include.file = reader.string(entry) ?? ""
                include.range = entry.value.range
            }.habits("path", "include", "source", "src", "name"),
            KeyRule("prefix", "an id") { include, entry, reader in
                guard let text = reader.string(entry) else { return }
                include.prefix = text
                guard !StepID.isValid(text) else { return }
                reader.report(
                    .error(
                        "a prefix is the beginning of ids, and no id begins so",
                        at: entry.value.range, help: "a prefix matches `\(StepID.pattern)`"))
            }.habits("namespace", "as", "alias"),
            KeyRule("dependencies", or: ["depends_on"], "a list of ids") {
                include, entry, reader in
                include.dependencies = reader.list(entry, of: "ids")?.compactMap { value in
                    reader.taskID(value, of: entry.key).map {
                        Dependency(StepID($0), at: value.range)
                    }
                }
            }
            .habits(
                "needs", "deps", "dep", "depends", "dependency", "requires", "after",
                "run_after", "upstream", "prerequisites", "previous"),
        ])

    static let resource = KeyTable<ResourceDeclaration>(
        .resource,
        [
            .integer("capacity", atLeast: 1) { $0.capacity = $1 }
                .habits(
                    "count", "limit", "units", "max", "size", "permits", "slots"),
            .choice("scope", of: ResourceScope.self) { $0.scope = $1 },
            KeyRule("breaker", "a table") { resource, entry, reader in
                resource.breaker = reader.breaker(entry)
            },
        ])

    static let parallelGroup = KeyTable<ParallelGroup>(
        .group,
        [
            .choice("failure_strategy", of: FailureStrategy.self) { $0.failureStrategy = $1 },
            .integer("max_parallel_steps", atLeast: 1) { $0.maxParallelSteps = $1 },
        ])

    static let task = KeyTable<TaskDraft>(
        .task,
        [
            KeyRule("id", "a string or an integer") { draft, entry, reader in
                draft.task.range = entry.value.range
                if let id = reader.taskID(entry.value, of: entry.key) { draft.task.id = id }
            },
            .string("description") { $0.task.description = $1 }.habits("title", "desc", "summary"),
            .boolean("parallel_enabled", or: ["parallel_safe"]) {
                $0.task.isParallelEnabled = $1
            }.habits("parallel", "concurrent"),
            KeyRule("dependencies", or: ["depends_on"], "a list of task ids") {
                draft, entry, reader in
                draft.task.dependencies = reader.list(entry, of: "task ids")?.compactMap { value in
                    reader.taskID(value, of: entry.key).map {
                        Dependency(StepID($0), at: value.range)
                    }
                }
            }
            .habits(
                "needs", "deps", "dep", "depends", "dependency", "requires", "after",
                "run_after", "upstream", "blocked_by", "prerequisites", "previous"),
            .string("mode_specific") { $0.task.modeSpecific = $1 },
            KeyRule("steps", "a list of tables") { draft, entry, _ in draft.steps = entry }
                .habits(
                    "step", "jobs", "subtasks", "commands"),
        ] + taskProse.map { .ignored($0) })

    /// Keys with which the source documents instruct an agent about a task.
    private static let taskProse = [
        "research_enabled", "research_sources", "name", "purpose", "critical_balance",
    ]
}

/// A file while it is read; values that depend on other keys are stored until all are known.
struct WorkflowDraft {
    var workflow: Workflow
    /// The workflow's name in the source documents.
    var descriptor: String?
    var executionTable: DocumentTable?
    var errorPropagation: DocumentTable.Entry?
    var changes: DocumentTable?
    var cache: DocumentTable.Entry?
    var steps: DocumentTable.Entry?
    var tasks: DocumentTable.Entry?
    var speclets: DocumentTable.Entry?
}

/// A task while its table is read.
struct TaskDraft {
    var task: WorkflowTask
    var steps: DocumentTable.Entry?
}

extension ValueReader {
    /// Includes; each is a path, or a table with `file` and an optional `prefix`.
    mutating func includes(_ entry: DocumentTable.Entry) -> [WorkflowInclude] {
        (list(entry, of: "paths and tables") ?? []).compactMap { value in
            var include = WorkflowInclude("", at: value.range)
            switch value.content {
            case .string(let path): include.file = path
            case .table(let table):
                WorkflowTables.include.decode(table, into: &include, with: &self)
                guard table["file"] != nil else {
                    report(
                        .error(
                            "an include has no `file`", at: value.range,
                            help: "write `{ file = \"parts/test.toml\", prefix = \"test\" }`"))
                    return nil
                }
                // Already reported: it is not a string.
                guard case .string? = table["file"]?.content else { return nil }
            default:
                mismatch(entry.key, "a list of paths and tables", value)
                return nil
            }
            return include
        }
    }

    /// Patterns of a change class; checked here, because nothing else compiles them until classes
    /// are asked for.
    mutating func classPatterns(_ entry: DocumentTable.Entry) -> [String]? {
        patterns(entry)?.map { pattern in
            let text = pattern.text.hasPrefix("!") ? String(pattern.text.dropFirst()) : pattern.text
            do throws(GlobError) {
                _ = try Glob(text)
            } catch {
                report(
                    .error(
                        "the pattern `\(pattern.text)` \(error.message)", at: pattern.range,
                        help: error.help))
            }
            return pattern.text
        }
    }

    mutating func taskID(_ value: DocumentValue, of key: String) -> String? {
        switch value.content {
        case .string(let text): return text
        case .integer(let number): return String(number)
        default:
            mismatch(key, key == "id" ? "a string or an integer" : "a list of task ids", value)
            return nil
        }
    }

    /// `[groups.research]`: the settings of a parallel group.
    mutating func parallelGroups(_ entry: DocumentTable.Entry) -> [ParallelGroup] {
        (table(entry)?.entries ?? []).compactMap { line in
            guard let settings = table(line) else { return nil }
            var group = ParallelGroup(line.key, at: line.keyRange)
            WorkflowTables.parallelGroup.decode(settings, into: &group, with: &self)
            return group
        }
    }

    /// `api = 5`, or `database = { capacity = 1, scope = "host" }`.
    mutating func resources(_ entry: DocumentTable.Entry) -> [ResourceDeclaration]? {
        table(entry)?.entries.compactMap { line in
            var resource = ResourceDeclaration(line.key, at: line.keyRange)
            switch line.value.content {
            case .integer:
                guard let units = integer(line, atLeast: 1) else { return nil }
                resource.capacity = units
            case .table(let table):
                WorkflowTables.resource.decode(table, into: &resource, with: &self)
            default:
                mismatch(line.key, "a number of units or a table", line.value)
                return nil
            }
            return resource
        }
    }
}
