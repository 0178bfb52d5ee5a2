package import Platform
import WorkflowModel

/// One file that a step reads.
package struct InputEntry: Sendable {
    /// Relative to the project root, or absolute where it was declared so; bytes, not text.
    package var path: [UInt8]
    /// Of a link those of all that it leads to, in one.
    package var facts: FileStamp
    /// Of a link how it was followed.
    package var link: Link?

    /// With all that it holds.
    package init(
        path: [UInt8], facts: FileStamp, link: Link? = nil
    ) {
        self.path = path
        self.facts = facts
        self.link = link
    }

    package struct Link: Sendable {
        var rule: LinkRule
        /// What was looked at.
        package var count: Int
        /// Of what the step does not write itself; nil where it writes nothing.
        package var signature: Int?
    }
}
