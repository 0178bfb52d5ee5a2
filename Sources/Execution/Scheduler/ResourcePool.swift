/// What the steps of a run hold of each resource, and which steps wait for it.
struct ResourcePool: Sendable {
    /// What keeps steps from a resource that has enough units.
    struct Bars: OptionSet, Sendable {
        let rawValue: UInt8

        /// A busy failure: nothing of it starts for a while.
        static let busy = Bars(rawValue: 1)
        /// Its circuit breaker is open.
        static let down = Bars(rawValue: 2)
    }

    private struct State: Sendable {
        let capacity: Int
        var available: Int
        /// The largest number of units at once: less than the capacity after a busy failure.
        var limit: Int
        var bars: Bars = []
        /// Ranks of the steps that wait for units.
        var parked = Heap<Int32>()
        /// When to try again to lock a resource that another process holds.
        var retryAt: RunTime?
        /// Consecutive attempts that found another holder.
        var tries: UInt8 = 0

        var used: Int { capacity - available }
    }

    private var states: [State]
    /// Resources with another holder that will be tried again.
    private(set) var retries = 0

    /// Milliseconds before the first further attempt, doubled with each up to the longest.
    private static let firstRetry: Int64 = 25
    private static let longestRetry: Int64 = 250

    init(_ resources: [PlannedResource]) {
        states = resources.map {
            State(capacity: $0.capacity, available: $0.capacity, limit: $0.capacity)
        }
    }

    /// Whether a step of this rank may take the units: they are free, and no earlier step waits for
    /// them.
    func canTake(_ claim: ResourceClaim, rank: Int) -> Bool {
        guard hasRoom(for: claim) else { return false }
        guard let first = states[Int(claim.resource)].parked.first else { return true }
        return rank < Int(first)
    }

    /// Whether the units are free; a step alone with the resource may exceed a lowered limit.
    func hasRoom(for claim: ResourceClaim) -> Bool {
        let state = states[Int(claim.resource)]
        let units = Int(claim.units)
        return state.bars.isEmpty && state.available >= units
            && (state.used == 0 || state.used + units <= state.limit)
    }

    mutating func take(_ claim: ResourceClaim) {
        states[Int(claim.resource)].available -= Int(claim.units)
    }

    mutating func giveBack(_ claim: ResourceClaim) {
        states[Int(claim.resource)].available += Int(claim.units)
    }

    mutating func park(rank: Int, on resource: Int) {
        states[resource].parked.push(Int32(truncatingIfNeeded: rank))
    }

    /// The rank of the first waiting step, unless another process holds the resource.
    func firstParked(on resource: Int) -> Int? {
        guard states[resource].retryAt == nil else { return nil }
        return states[resource].parked.first.map { Int($0) }
    }

    mutating func unpark(from resource: Int) {
        _ = states[resource].parked.popFirst()
    }

    /// Removes a step that will not start from the waiting ones.
    mutating func unpark(rank: Int, from resource: Int) {
        states[resource].parked.keep { Int($0) != rank }
    }

    /// Removes all waiting steps.
    mutating func unparkAll() {
        for resource in states.indices { states[resource].parked = Heap() }
    }

    // MARK: - Limits and bars

    /// Limits the units in use; units that are in use already stay so.
    mutating func setLimit(_ limit: Int, of resource: Int) { states[resource].limit = limit }

    /// Whether the limit was lowered after a step took its units, so that more are in use than
    /// allowed.
    func isOverLimit(_ claim: ResourceClaim) -> Bool {
        let state = states[Int(claim.resource)]
        return state.used > state.limit && state.used > Int(claim.units)
    }

    func bars(of resource: Int) -> Bars { states[resource].bars }

    mutating func set(_ bar: Bars, _ isSet: Bool, on resource: Int) {
        if isSet { states[resource].bars.insert(bar) } else { states[resource].bars.remove(bar) }
    }

    // MARK: - Units held by other processes

    mutating func shift(by nanoseconds: Int64) {
        for resource in states.indices {
            states[resource].retryAt = states[resource].retryAt?.advanced(
                byNanoseconds: nanoseconds)
        }
    }

    func retry(of resource: Int) -> RunTime? { states[resource].retryAt }

    mutating func setRetry(_ time: RunTime?, of resource: Int) {
        if (states[resource].retryAt == nil) != (time == nil) { retries += time == nil ? -1 : 1 }
        states[resource].retryAt = time
    }

    /// The wait before the next attempt: longer each time.
    mutating func nextRetryDelay(of resource: Int) -> Int64 {
        let tries = states[resource].tries
        states[resource].tries = min(tries + 1, 8)
        return min(Self.longestRetry, Self.firstRetry << Int64(tries)) * 1_000_000
    }

    /// A step of this run got the resource, so no other holder is known any more.
    mutating func clearRetry(of resource: Int) {
        setRetry(nil, of: resource)
        states[resource].tries = 0
    }
}
