/// A member of a journal's line, or several that belong together: written and read back by the same
/// value, so that the two cannot differ.
struct JournalField<Value: Sendable>: Sendable {
    /// Appends the value to the object that is being written.
    let write: @Sendable (Value, inout JournalEncoder) -> Void
    /// The value in a line; nil where the line does not hold it as it has to.
    let read: @Sendable (JSONMembers, JournalDecoder) -> Value?
}

/// One case of an enum as a journal has it: its name, and its fields in their order.
///
/// `Subject` is the enum: ``RunEvent/Kind`` or ``StepReason``.
struct JournalForm<Subject: Sendable>: Sendable {
    let name: String
    /// Writes the name, as the value of a member, and the fields; false of a subject of another form.
    let write: @Sendable (Subject, inout JournalEncoder) -> Bool
    /// Reads the fields; nil where one of them is missing.
    let read: @Sendable (JSONMembers, JournalDecoder) -> Subject?
    /// Whether a subject is of this form.
    let matches: @Sendable (Subject) -> Bool

    /// The form of a case.
    ///
    /// - Parameters:
    ///   - name: As the journal has it.
    ///   - fields: One for each of the case's values.
    ///   - make: The case itself.
    ///   - values: The values of a subject that is of this case; nil for any other.
    init<each Value: Sendable>(
        _ name: String, _ fields: repeat JournalField<each Value>,
        make: @escaping @Sendable (repeat each Value) -> Subject,
        values: @escaping @Sendable (Subject) -> (repeat each Value)?
    ) {
        self.name = name
        let fields = (repeat each fields)
        write = { subject, encoder in
            guard let values = values(subject) else { return false }
            encoder.writer.string(name)
            repeat (each fields).write(each values, &encoder)
            return true
        }
        read = { members, decoder in
            try? make(repeat Self.value(each fields, members, decoder))
        }
        matches = { values($0) != nil }
    }

    private static func value<Value>(
        _ field: JournalField<Value>, _ members: JSONMembers, _ decoder: JournalDecoder
    ) throws(MissingField) -> Value {
        guard let value = field.read(members, decoder) else { throw MissingField() }
        return value
    }
}

/// A line does not hold a field that its event has.
private struct MissingField: Error {}

/// The fields that the tables of events and reasons are made of.
enum Field {
    /// A number.
    static func integer<Number: FixedWidthInteger & Sendable>(
        _ name: StaticString
    ) -> JournalField<Number> {
        let key = name.description
        return JournalField { number, encoder in
            encoder.writer.member(name, number)
        } read: { members, _ in
            members.integer(key)
        }
    }

    /// One of the texts that an enum is made of.
    static func word<Word: RawRepresentable<String> & Sendable>(
        _ name: StaticString
    ) -> JournalField<Word> {
        let key = name.description
        return JournalField { word, encoder in
            encoder.writer.member(name, word.rawValue)
        } read: { members, _ in
            members.text(key).flatMap { Word(rawValue: $0) }
        }
    }

    /// A text.
    static func text(_ name: StaticString) -> JournalField<String> {
        let key = name.description
        return JournalField { text, encoder in
            encoder.writer.member(name, text)
        } read: { members, _ in
            members.text(key)
        }
    }

    /// A text that may be missing.
    static func optionalText(_ name: StaticString) -> JournalField<String?> {
        let key = name.description
        return JournalField { text, encoder in
            if let text { encoder.writer.member(name, text) }
        } read: { members, _ in
            .some(members.text(key))
        }
    }

    /// Texts.
    static func texts(_ name: StaticString) -> JournalField<[String]> {
        let key = name.description
        return JournalField { texts, encoder in
            encoder.writer.key(name)
            encoder.writer.beginArray()
            for text in texts { encoder.writer.string(text) }
            encoder.writer.endArray()
        } read: { members, _ in
            members.array(key)?.compactMap { if case .string(let text) = $0 { text } else { nil } }
        }
    }

    /// Numbers.
    static func integers(_ name: StaticString) -> JournalField<[Int32]> {
        let key = name.description
        return JournalField { numbers, encoder in
            encoder.writer.key(name)
            encoder.writer.beginArray()
            for number in numbers { encoder.writer.integer(number) }
            encoder.writer.endArray()
        } read: { members, _ in
            members.array(key)?.compactMap { value in
                if case .integer(let number) = value { Int32(exactly: number) } else { nil }
            }
        }
    }

    /// A step by its id; by its index where the run has no such step.
    static func step(_ name: StaticString = "step") -> JournalField<Int> {
        let key = name.description
        return JournalField { step, encoder in
            encoder.write(step: step, as: name)
        } read: { members, decoder in
            decoder.step(members, key)
        }
    }

    /// A step, where the event is about one.
    static func optionalStep(_ name: StaticString = "step") -> JournalField<Int?> {
        let key = name.description
        return JournalField { step, encoder in
            if let step { encoder.write(step: step, as: name) }
        } read: { members, decoder in
            guard members[key] != nil else { return .some(nil) }
            return decoder.step(members, key).map { .some($0) }
        }
    }

    /// `primary`, or the number of a backup.
    static var method: JournalField<StepMethod> {
        JournalField { method, encoder in
            encoder.writer.key("method")
            switch method {
            case .primary: encoder.writer.string("primary")
            case .backup(let number): encoder.writer.integer(number)
            }
        } read: { members, _ in
            if let backup: Int = members.integer("method") { return .backup(backup) }
            return members.text("method") == "primary" ? .primary : nil
        }
    }

    /// What a step was started from, where that is known.
    static var basis: JournalField<StepBasis?> {
        JournalField { basis, encoder in
            if let basis { encoder.writer.member("basis", basis.text) }
        } read: { members, _ in
            .some(members.text("basis").flatMap { StepBasis(text: $0) })
        }
    }

    /// What a person decided.
    static var decision: JournalField<ReviewDecision> {
        JournalField { decision, encoder in
            encoder.writer.member("decision", decision.word)
        } read: { members, _ in
            members.text("decision").flatMap { ReviewDecision(word: $0) }
        }
    }

    /// Ranges of steps.
    static func ranges(_ name: StaticString) -> JournalField<StepRanges> {
        let key = name.description
        return JournalField { steps, encoder in
            encoder.writer.member(name, steps)
        } read: { members, decoder in
            StepRanges(members, key, below: decoder.header.steps.count)
        }
    }
}
