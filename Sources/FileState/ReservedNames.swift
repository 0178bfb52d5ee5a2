/// Names that stepvisor has for itself.
package enum ReservedNames {
    /// The directory in the project root in which everything is kept that stepvisor writes.
    package static let state = ".stepvisor"
}
