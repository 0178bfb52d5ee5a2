/// The TOML blocks of the two source documents of SPECS, unchanged.
enum SpecsBlocks {
    /// A task whose first two steps may run beside each other.
    static let taskWithSteps = #"""
        [[tasks]]
        id = 1
        description = "Research module functionality"

        [[tasks.steps]]
        id = 1
        description = "Extract specifications from documentation"
        expected_output = "Structured summary of functions and dependencies"
        parallel_safe = true  # NEW: Can run in parallel
        parallel_group = "research"  # NEW: Group identifier
        dependencies = []  # NEW: No dependencies on other steps
        critical = true

        [[tasks.steps]]
        id = 2
        description = "Analyse module dependencies"
        expected_output = "Dependency graph and signature list"
        parallel_safe = true  # NEW: Can run in parallel
        parallel_group = "research"  # NEW: Same group as step 1
        dependencies = []  # NEW: No dependencies
        critical = true

        [[tasks.steps]]
        id = 3
        description = "Summarise intended behaviour"
        expected_output = "Behaviour description document"
        parallel_safe = false  # NEW: Cannot run in parallel (needs prior results)
        dependencies = [1, 2]  # NEW: Depends on steps 1 and 2
        critical = false
        """#

    /// The complete scenario: three phases, five steps.
    static let scenario = #"""
        [execution]
        parallel_enabled = true  # NEW: Master switch
        max_parallel_steps = 3   # NEW: Resource limit

        [[tasks]]
        id = 1
        description = "Comprehensive module analysis"

        # Phase 1: Independent research (can run in parallel)
        [[tasks.steps]]
        id = 1
        description = "Extract API documentation"
        parallel_safe = true
        parallel_group = "research"
        dependencies = []
        critical = true

        [[tasks.steps]]
        id = 2
        description = "Analyse dependency graph"
        parallel_safe = true
        parallel_group = "research"
        dependencies = []
        critical = true

        [[tasks.steps]]
        id = 3
        description = "Review test coverage"
        parallel_safe = true
        parallel_group = "research"
        dependencies = []
        critical = false

        # Phase 2: Synthesis (depends on Phase 1)
        [[tasks.steps]]
        id = 4
        description = "Generate comprehensive report"
        parallel_safe = false
        dependencies = [1, 2, 3]
        critical = true

        # Phase 3: Validation (depends on Phase 2)
        [[tasks.steps]]
        id = 5
        description = "Validate report completeness"
        parallel_safe = false
        dependencies = [4]
        critical = true
        """#

    /// Steps that declare what they write, cut out of their task.
    static let outputs = #"""
        [[tasks.steps]]
        id = 1
        output_files = ["docs/api.md"]  # NEW: Declare outputs

        [[tasks.steps]]
        id = 2
        output_files = ["docs/tests.md"]  # NEW: Different output
        """#

    /// A limit, without any step.
    static let limit = #"""
        [execution]
        max_parallel_steps = 3  # NEW: Limit concurrent steps
        """#

    /// The other spellings, without the task around the steps.
    static let otherSpellings = #"""
        [[tasks.steps]]
        id = 1
        description = "Analyse module A"
        expected_output = "Analysis document for module A"
        parallel_enabled = true
        parallel_group = "analysis_group_1"
        depends_on = []  # No dependencies

        [[tasks.steps]]
        id = 2
        description = "Analyse module B"
        expected_output = "Analysis document for module B"
        parallel_enabled = true
        parallel_group = "analysis_group_1"
        depends_on = []  # No dependencies

        [[tasks.steps]]
        id = 3
        description = "Analyse module C"
        expected_output = "Analysis document for module C"
        parallel_enabled = true
        parallel_group = "analysis_group_1"
        depends_on = []  # No dependencies

        [[tasks.steps]]
        id = 4
        description = "Synthesise findings from modules A, B, C"
        expected_output = "Combined analysis document"
        parallel_enabled = false
        depends_on = [1, 2, 3]  # Waits for steps 1, 2, 3 to complete
        """#

    /// One step with a condition on a step that is not shown.
    static let condition = #"""
        [[tasks.steps]]
        id = 3
        description = "Optimise performance"
        condition = "IF step2_output.performance_score < 0.8"
        """#

    /// A file of nothing but includes.
    static let composition = #"""
        [composition]
        includes = ["spec_analysis.md", "spec_testing.md"]
        """#

    /// A whole file with the tables and spellings that real ones have, written for these tests.
    static let whole = #"""
        [meta]
        file_role = "parameters"
        goal_descriptor = "site"
        related_files = ["spec_site.md", "exe_site.md"]
        version = "1.0"

        [execution]
        default_mode = "dynamic"

        [error_propagation]
        enabled = true
        strategy = "continue_and_log"
        failure_threshold = 2

        [logging]
        level = "info"

        [completion_criteria]
        primary = ["the report is there"]

        [[speclets]]
        id = "write"
        description = "Write"
        tasks = [2]
        depends_on = ["research"]

        [[speclets]]
        id = "research"
        tasks = [1]
        parallel_allowed = true

        [[tasks]]
        id = 1
        description = "Research"
        research_enabled = true

        [[tasks.steps]]
        id = 1
        description = "Read"
        expected_output = "Notes"
        critical_flag = true
        mode = "silent"
        max_retries = 1

        [[tasks.steps.backups]]
        id = 1
        description = "Ask"
        execution_method = "cognitive"
        trigger_condition = "primary_failure"

        [[tasks.steps.backups]]
        id = 2
        description = "Grep"
        execution_method = "tool"
        tool_path = "scripts/grep"
        tool_args = "--all docs"
        trigger_condition = "backup_1_failure"

        [[tasks]]
        id = 2
        description = "Write"

        [[tasks.steps]]
        id = 1
        description = "Draft"
        critical_flag = false
        depends_on = []

        [[tasks.steps]]
        id = 2
        description = "Review"
        critical_flag = false
        """#
}
