import Testing

/// Tests with real processes, one at a time: each waits for a process that has to have the machine.
///
/// A supervisor that hangs ends after 50 s by SIGALRM; the limit here is longer, because other
/// tests of the same process may keep one that has long ended from being told so.
@Suite("Supervision", .serialized, .timeLimit(.minutes(20)))
enum Supervision {}
