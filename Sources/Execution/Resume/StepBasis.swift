/// What a step was started from, in digests: a later run compares it with its own to see whether
/// what the step did still holds.
public struct StepBasis: Hashable, Sendable {
    /// The command and where it runs.
    public var command: UInt64
    /// What the workflow says of the step beside its command.
    public var settings: UInt64
    /// The contents of what it reads.
    public var inputs: UInt64

    /// The basis of one start.
    public init(command: UInt64, settings: UInt64, inputs: UInt64) {
        self.command = command
        self.settings = settings
        self.inputs = inputs
    }

    /// The three digests as 48 hexadecimal digits, as the journal has them.
    public var text: String {
        String(unsafeUninitializedCapacity: 48) { digits in
            for place in 0..<48 {
                let digest = place < 16 ? command : place < 32 ? settings : inputs
                let digit = UInt8(truncatingIfNeeded: digest >> UInt64(60 - place % 16 * 4)) & 15
                digits[place] =
                    digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            }
            return 48
        }
    }

    /// Reads what ``text`` wrote; nil for anything else.
    public init?(text: String) {
        let digits = Array(text.utf8)
        guard digits.count == 48 else { return nil }
        var digests: [UInt64] = [0, 0, 0]
        for (place, digit) in digits.enumerated() {
            let value: UInt8
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
            default: return nil
            }
            digests[place / 16] = digests[place / 16] << 4 | UInt64(value)
        }
        self.init(command: digests[0], settings: digests[1], inputs: digests[2])
    }
}

/// A step that ended well in an earlier run, and whose end still holds.
public struct DoneEarlier: Hashable, Sendable {
    /// The id of the run in which it ran.
    public var run: String
    /// What it was started from there.
    public var basis: StepBasis?

    /// Names the run of an end that still holds.
    public init(run: String, basis: StepBasis? = nil) {
        self.run = run
        self.basis = basis
    }
}
