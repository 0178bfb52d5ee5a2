import Execution
import Testing

@Suite("ShellWord")
struct ShellWordTests {
    @Test(
        "a word is quoted exactly when a shell would take it apart",
        arguments: [
            ("plain-1.toml", "plain-1.toml"), ("", "''"), ("a b", "'a b'"), ("it's", "'it'\\''s'"),
            ("$HOME", "'$HOME'"), ("ü", "'ü'"),
        ])
    func quoted(word: String, text: String) {
        #expect(ShellWord.quoted(word) == text)
    }
}
