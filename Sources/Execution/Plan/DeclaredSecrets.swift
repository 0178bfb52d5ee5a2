public import WorkflowModel

/// The values of `[execution] secrets`, and the names without a usable value.
public struct DeclaredSecrets: Sendable {
    /// Masks every value that is long enough.
    public let mask: SecretMask
    /// Names without a value anywhere.
    public let unset: [String]
    /// Names with a value that is too short to be masked.
    public let tooShort: [String]

    /// Collects the values of the names that a workflow declares as secret.
    ///
    /// - Parameters:
    ///   - workflow: Its own environment and that of its steps count too.
    ///   - inherited: The value of a variable that steps may inherit, as bytes.
    public init(of workflow: Workflow, inherited: (String) -> [UInt8]?) {
        let names = Set(workflow.execution.secrets)
        var values: [String: Set<[UInt8]>] = [:]
        for name in names {
            if let value = inherited(name), !value.isEmpty {
                values[name, default: []].insert(value)
            }
        }
        if !names.isEmpty {
            for variables in [workflow.environment] + workflow.steps.lazy.map(\.environment) {
                for variable in variables where names.contains(variable.name) {
                    if variable.value.isEmpty { continue }
                    values[variable.name, default: []].insert(Array(variable.value.utf8))
                }
            }
        }
        unset = names.filter { values[$0] == nil }.sorted()
        tooShort = values.filter { $0.value.contains(where: SecretMask.isTooShort) }
            .map(\.key).sorted()
        mask = SecretMask(values: values.values.flatMap { $0 })
    }
}

/// Which variables steps inherit: `[execution] pass_environment`.
public struct EnvironmentFilter: Sendable {
    private let names: Set<String>
    private let prefixes: [String]
    private let passesAll: Bool

    /// A filter for names, and for prefixes of names, which end in `*`; nil lets everything pass.
    public init(_ patterns: [String]?) {
        passesAll = patterns == nil
        let patterns = patterns ?? []
        names = Set(patterns.filter { !$0.hasSuffix("*") })
        prefixes = patterns.filter { $0.hasSuffix("*") }.map { String($0.dropLast()) }
    }

    /// Whether steps inherit a variable with this name.
    public func passes(_ name: String) -> Bool {
        passesAll || names.contains(name) || prefixes.contains { name.hasPrefix($0) }
    }

    /// The part of an environment that steps inherit.
    public func filtered(_ environment: [String: String]) -> [String: String] {
        passesAll ? environment : environment.filter { passes($0.key) }
    }
}
