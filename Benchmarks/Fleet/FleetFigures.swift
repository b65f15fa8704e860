import Domain
import Platform

/// What a run saw.
struct FleetFigures {
    /// A signal ended the scenario before its time.
    var isScenarioCut = false
    /// A signal ended the sending of what was left.
    var isSendingCut = false
    var isCutShort: Bool { isScenarioCut || isSendingCut }
    var activeMilliseconds: Int64 = 0
    var drainMilliseconds: Int64 = 0
    /// Acknowledged.
    var summaries = 0
    var bytes = 0
    var retryAfters = 0
    /// Of pushes that were sent before the drain, and answered.
    var latencies = Latencies()
    /// Sent while draining, and answered.
    var pushesDraining = 0
    /// All that were answered. What misbehaving agents send beside them is told in `statuses`.
    var pushes: Int { latencies.count + pushesDraining }
    var statuses: [String: Int] = [:]
    var errors: [String: Int] = [:]
}

/// Chances of a seeded run (SplitMix64).
struct FleetChance {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func number(below limit: Int64) -> Int64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int64((mixed ^ (mixed >> 31)) % UInt64(max(1, limit)))
    }

    /// In so many of a hundred cases.
    mutating func hits(_ percent: Int) -> Bool { number(below: 100) < Int64(percent) }
}
