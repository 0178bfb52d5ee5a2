extension Validation {
    /// Checks names, units and capacities of resources.
    mutating func checkResources() {
        var declared: [String: Int] = [:]
        for (position, resource) in workflow.resources.enumerated() {
            checkResourceName(resource.name, at: resource.range)
            declared[resource.name] = position
        }
        for position in workflow.steps.indices where !workflow.steps[position].resources.isEmpty {
            for use in workflow.steps[position].resources {
                let resource = declared[use.name].map { workflow.resources[$0] }
                if resource == nil { checkResourceName(use.name, at: use.range) }
                let capacity = resource?.capacity ?? 1
                guard use.units > capacity else { continue }
                report(
                    .error(
                        "step `\(workflow.steps[position].id)` takes \(use.units) units of "
                            + "`\(use.name)`, and there \(capacity == 1 ? "is" : "are") only "
                            + "\(capacity)", at: use.range,
                        help: "it could never start; set `[resources] \(use.name) = \(use.units)`",
                        related: resource?.range.map { [.init("declared here", at: $0)] } ?? []))
            }
        }
    }

    private mutating func checkResourceName(_ name: String, at range: SourceRange?) {
        guard !StepID.isValid(name) else { return }
        report(
            .error(
                "`\(Self.shown(name))` is no valid resource name: \(Self.reason(name))",
                at: range, help: "names match `\(StepID.pattern)`"))
    }

    /// Requires outputs and working directories to lie inside the project.
    mutating func checkPaths() {
        for position in workflow.steps.indices {
            if let directory = workflow.steps[position].workingDirectory {
                checkInside(
                    directory, "working_directory",
                    at: workflow.steps[position].workingDirectoryRange)
            }
            for pattern in workflow.steps[position].outputFiles {
                checkInside(pattern.path, "output_files", at: pattern.range)
            }
            for pattern in workflow.steps[position].modifies {
                checkInside(pattern.path, "modifies", at: pattern.range)
            }
        }
    }

    private mutating func checkInside(_ path: String, _ key: String, at range: SourceRange?) {
        if path.utf8.first == UInt8(ascii: "/") {
            report(
                .error(
                    "`\(Self.shown(path))` is an absolute path; `\(key)` is relative to the "
                        + "project root", at: range, help: "write it relative to the project root"))
        } else if Self.leavesDirectory(path) {
            report(
                .error(
                    "`\(Self.shown(path))` leads out of the project by `..`", at: range,
                    help: "`\(key)` is relative to the project root and stays inside"))
        } else if path.isEmpty {
            report(.error("`\(key)` must not be empty", at: range))
        } else if path.utf8.contains(0) {
            report(.error("`\(key)` must not contain NUL", at: range))
        }
    }

    /// Whether a name of the path is `..`, which may leave the project even when a later name leads
    /// back: it may follow a link.
    static func leavesDirectory(_ path: String) -> Bool {
        let dot = UInt8(ascii: ".")
        var dots = 0
        var length = 0
        for byte in path.utf8 {
            if byte == UInt8(ascii: "/") {
                if dots == 2, length == 2 { return true }
                dots = 0
                length = 0
            } else {
                length += 1
                if byte == dot { dots += 1 }
            }
        }
        return dots == 2 && length == 2
    }

    /// Reports names of variables that the system does not accept.
    mutating func checkEnvironment() {
        checkNames(workflow.environment, of: nil)
        for position in workflow.steps.indices where !workflow.steps[position].environment.isEmpty {
            checkNames(workflow.steps[position].environment, of: position)
        }
    }

    private mutating func checkNames(_ variables: [EnvironmentVariable], of step: Int?) {
        for variable in variables
        where variable.name.isEmpty
            || variable.name.utf8.contains(where: { $0 == UInt8(ascii: "=") || $0 == 0 })
        {
            report(
                .error(
                    "`\(Self.shown(variable.name))` is no valid name of an environment variable",
                    at: step.flatMap { workflow.steps[$0].range },
                    help: "a name is neither empty nor holds `=` or NUL"))
        }
    }
}

extension FilePattern {
    /// Whether the pattern excludes files that other patterns of the list match.
    var isExclusion: Bool { text.utf8.first == UInt8(ascii: "!") }

    /// The only path that it means, as written; nil for a pattern or an exclusion.
    public var plainPath: String? {
        isExclusion || Glob.needsCompiling(text) ? nil : Glob.normalized(text)
    }

    /// The pattern without the exclusion mark.
    var path: String { isExclusion ? String(text.dropFirst()) : text }
}
