/// A value with a default that most declarations keep.
public protocol Defaulted: Hashable, Sendable {
    /// The default.
    init()
}

/// Stores a value that is nearly always the default in one word.
///
/// Keeps 10,000 plain steps small: a step that declares none of the fields holds nil instead of
/// them.
@propertyWrapper
public struct Boxed<Value: Defaulted>: Hashable, Sendable {
    private final class Box: Hashable, Sendable {
        let value: Value

        init(_ value: Value) { self.value = value }

        static func == (a: Box, b: Box) -> Bool { a.value == b.value }

        func hash(into hasher: inout Hasher) { hasher.combine(value) }
    }

    private var box: Box?

    /// Wraps a value; the default costs nothing.
    public init(wrappedValue: Value) { self.wrappedValue = wrappedValue }

    /// Whether the value differs from the default; does not unpack it.
    var isSet: Bool { box != nil }

    /// The value; the default when none was set.
    public var wrappedValue: Value {
        get { box?.value ?? Value() }
        set { box = newValue == Value() ? nil : Box(newValue) }
    }
}
