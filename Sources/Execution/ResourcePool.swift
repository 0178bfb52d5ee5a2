/// What the steps of a run hold of each resource, and who waits for it.
struct ResourcePool: Sendable {
    private struct State: Sendable {
        var available: Int
        /// Ranks of the steps that wait for units.
        var parked = Heap<Int32>()
        /// When to try again what somebody else holds.
        var retryAt: RunTime?
        /// Tries in a row that found it held by somebody else.
        var tries: UInt8 = 0
    }

    private var states: [State]
    /// Resources that somebody else holds and that will be tried again.
    private(set) var retries = 0

    /// Milliseconds before the first further try, doubled with each up to the longest.
    private static let firstRetry: Int64 = 25
    private static let longestRetry: Int64 = 250

    init(_ resources: [PlannedResource]) {
        states = resources.map { State(available: $0.capacity) }
    }

    /// Whether a step of this rank may take the units: they are there, and nobody before it waits.
    func canTake(_ claim: ResourceClaim, rank: Int) -> Bool {
        let state = states[Int(claim.resource)]
        guard state.available >= Int(claim.units) else { return false }
        guard let first = state.parked.first else { return true }
        return rank < Int(first)
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

    /// The first that waits, unless somebody else holds the resource.
    func firstParked(on resource: Int) -> (rank: Int, available: Int)? {
        let state = states[resource]
        guard state.retryAt == nil, let rank = state.parked.first else { return nil }
        return (Int(rank), state.available)
    }

    mutating func unpark(from resource: Int) {
        _ = states[resource].parked.popFirst()
    }

    /// Takes a step that will not start from among those that wait.
    mutating func unpark(rank: Int, from resource: Int) {
        states[resource].parked.keep { Int($0) != rank }
    }

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

    /// The wait before the next try: longer each time.
    mutating func nextRetryDelay(of resource: Int) -> Int64 {
        let tries = states[resource].tries
        states[resource].tries = min(tries + 1, 8)
        return min(Self.longestRetry, Self.firstRetry << Int64(tries)) * 1_000_000
    }

    /// Somebody of this run had it: nobody else is known to hold it.
    mutating func clearRetry(of resource: Int) {
        setRetry(nil, of: resource)
        states[resource].tries = 0
    }
}
