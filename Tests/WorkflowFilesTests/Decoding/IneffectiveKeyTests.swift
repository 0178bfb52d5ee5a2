import Testing
import WorkflowFiles
import WorkflowModel

@Suite("Keys that change nothing as the rest stands")
struct IneffectiveKeyTests {
    @Test("each is a warning with its place and a way out", arguments: idle)
    func warning(text: String, message: String) {
        let loaded = LoadedText(text)
        #expect(loaded.messages == [message])
        #expect(loaded.diagnostics.allSatisfy { $0.severity == .warning })
        #expect(loaded.resolved != nil)
    }

    private static let step = "[[steps]]\nid = \"a\"\n"

    static let idle: [(String, String)] = [
        (
            step + "retry_on = [75]",
            "3:1 `retry_on` has no effect without `retries`; add `retries = 1`, or remove it"
        ),
        (
            step + "retries = 0\nretry_on = [\"timeout\"]\nforeach = [\"x\", \"y\"]",
            "4:1 `retry_on` has no effect without `retries`; add `retries = 1`, or remove it"
        ),
        (
            step + "always = true\ncritical_flag = false",
            "4:1 `critical_flag` has no effect with `always = true`: no failure at the end halts "
                + "anything; remove it"
        ),
        (
            "[execution.throttle]\ndelay = \"1s\"\n" + step,
            "1:12 `throttle` has no effect: neither `exit_codes` nor `pattern` says which failures "
                + "mean \"busy\"; add for example `exit_codes = [75]` or `pattern = \"rate limit\"`"
        ),
        (
            "[resources]\ndb = { breaker = { failures = 2 } }\n" + step,
            "2:1 the breaker of `db` has no effect: no step takes it; name it where it is needed: "
                + "`resources_required = [\"db\"]`"
        ),
        (
            "[execution.breaker]\nfailures = 2\n" + step,
            "1:12 `[execution.breaker]` has no effect: no step takes a resource; name one where it "
                + "is needed: `resources_required = [\"api\"]`"
        ),
        (
            "[execution.breaker]\n[resources]\ndb = { breaker = {} }\n" + step
                + "resources_required = [\"db\"]",
            "1:12 `[execution.breaker]` has no effect: no step takes a resource without a breaker "
                + "of its own; name one where it is needed: `resources_required = [\"api\"]`"
        ),
    ]

    @Test(
        "the same keys are silent where they change something",
        arguments: [
            step + "retries = 1\nretry_on = [75]",
            step + "always = true",
            step + "critical = false",
            "[execution.throttle]\nexit_codes = [75]\n" + step,
            "[execution.throttle]\npattern = \"429\"\n" + step,
            "[execution.breaker]\n[resources]\ndb = 2\n" + step + "resources_required = [\"db\"]",
            "[execution.breaker]\n" + step + "resources_required = [\"{item}\"]\nforeach = [\"x\"]",
            "[resources]\ndb = { breaker = {} }\napi = 2\n" + step
                + "resources_required = [\"db\"]",
        ])
    func silent(text: String) {
        #expect(LoadedText(text).messages == [])
    }
}
