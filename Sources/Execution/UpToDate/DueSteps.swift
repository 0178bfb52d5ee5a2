extension SkipPlan {
    /// Whether anything is to be made, or put in place.
    ///
    /// What runs at the end of every run is no work, nor what its condition held back when it was last
    /// evaluated, if what that asks for has not changed. What runs, or may, only for what it needs is
    /// work where that is.
    ///
    /// - Parameters:
    ///   - selected: Which steps are meant.
    ///   - isHeldBack: Whether the condition of a step would come out false again.
    /// - Returns: Whether a run has work.
    public func hasWork(selected: [Bool], isHeldBack: (Int) -> Bool) -> Bool {
        due.contains { step, causes in
            selected[step] && causes.contains { $0.kind != .always && $0.kind != .dependencyRuns }
                && !isHeldBack(step)
        }
    }
}
