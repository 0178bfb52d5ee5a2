/// A value with a default that most declarations keep.
public protocol Defaulted: Hashable, Sendable {
    /// The default.
    init()
}

/// Keeps a value that is nearly always the default in one word, so that 10,000 plain steps stay
/// small: a step that declares none of it carries nil instead of the fields.
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

    /// Whether it is another than the default, told without taking it out.
    var isSet: Bool { box != nil }

    /// The value, which is the default where none was set.
    public var wrappedValue: Value {
        get { box?.value ?? Value() }
        set { box = newValue == Value() ? nil : Box(newValue) }
    }
}
