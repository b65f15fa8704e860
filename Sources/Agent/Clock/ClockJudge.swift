/// Decides what time it is (docs/decisions/0013): by the machine's clock, unless it is plainly wrong.
///
/// Plainly wrong is a clock more than five minutes away from what the collector told in this run of the
/// machine, or, as long as it told nothing, one that lies before a time which is known to be past. All
/// times are milliseconds; a *base* is a time less the time since boot, so that it stands still.
/// Pure: readings come in.
struct ClockJudge {
    /// Both clocks of the machine, read together.
    struct Reading: Equatable {
        /// Since 1970; may step.
        let wall: Int64
        /// Since the machine was started; only forward.
        let boot: Int64

        fileprivate var base: Int64 { wall - boot }
    }

    enum Trust: String, Codable, Sendable {
        /// Agrees with the collector's.
        case proven
        /// Not wrong as far as can be told; the collector was not heard since the machine started.
        case unproven
        /// Before a time that is past: the last one known goes on instead.
        case behind
        /// Away from the collector's, which goes on instead.
        case wrong
    }

    /// What is known from before.
    struct Past {
        /// Passed for certain: signed by the collector, or told by it.
        let certain: Int64
        /// What the agent last took for the time.
        let seen: Int64
    }

    /// Beyond it a clock is plainly wrong, and a step is told.
    static let toleranceMilliseconds: Int64 = 300_000

    /// The time is `boot + base`.
    private(set) var base = Int64(0)
    private(set) var trust = Trust.unproven
    /// The machine's clock less the time that is used instead; 0 while it is used itself.
    private(set) var errorMilliseconds = Int64(0)
    /// By the collector, in this run of the machine.
    private var proofBase: Int64?
    private var certainBase: Int64
    /// Overrules the machine's clock only until somebody sets that.
    private var seenBase: Int64?
    private var lastWallBase: Int64

    init(_ now: Reading, past: Past) {
        certainBase = past.certain - now.boot
        seenBase = past.seen - now.boot
        lastWallBase = now.base
        judge(now.base)
    }

    /// Goes on after an earlier process of the same run of the machine.
    init(_ now: Reading, past: Past, record: ClockRecord, isSameBoot: Bool) {
        guard isSameBoot else {
            self.init(
                now,
                past: Past(certain: max(past.certain, record.certain), seen: record.seen))
            return
        }
        self.init(now, past: Past(certain: past.certain, seen: past.certain))
        certainBase = max(certainBase, record.certain - record.boot)
        if record.isProven { proofBase = record.certain - record.boot }
        // Whoever set the clock meanwhile knew more than we did.
        let wasSet = abs(now.base - (record.wall - record.boot)) > Self.toleranceMilliseconds
        seenBase = wasSet ? nil : record.seen - record.boot
        if record.trust == .wrong { trust = .wrong }
        judge(now.base)
    }

    /// Looks at the machine's clock again. True when it was stepped since the last look.
    mutating func look(_ now: Reading) -> Bool {
        let isStep = abs(now.base - lastWallBase) > Self.toleranceMilliseconds
        if isStep { seenBase = nil }
        lastWallBase = now.base
        judge(now.base)
        return isStep
    }

    /// The collector's time, just heard. `isExact`: it told it; else it took our token, whose time may be
    /// a minute off, so that a proof that stands is better.
    mutating func prove(_ time: Int64, at now: Reading, isExact: Bool) {
        if isExact || proofBase == nil { proofBase = time - now.boot }
        lastWallBase = now.base
        judge(now.base)
    }

    /// More of what is past, as state folders are opened.
    mutating func learn(_ past: Past, at now: Reading) {
        certainBase = max(certainBase, past.certain - now.boot)
        if let seenBase { self.seenBase = max(seenBase, past.seen - now.boot) }
        judge(now.base)
    }

    private mutating func judge(_ wallBase: Int64) {
        if let proofBase {
            // Once wrong, it must come well back, so as not to change at every look.
            let limit =
                trust == .wrong ? Self.toleranceMilliseconds / 2 : Self.toleranceMilliseconds
            let isRight = abs(wallBase - proofBase) <= limit
            trust = isRight ? .proven : .wrong
            base = isRight ? wallBase : proofBase
        } else {
            let leastBase = max(certainBase, seenBase ?? certainBase)
            let isBehind = wallBase < leastBase - Self.toleranceMilliseconds
            trust = isBehind ? .behind : .unproven
            base = isBehind ? leastBase : wallBase
        }
        errorMilliseconds = wallBase - base
    }

    /// The collector's clock, as far as it is known: told in this run of the machine, else the time that
    /// has passed for certain.
    private var sureBase: Int64 { proofBase ?? certainBase }

    /// By how much the time that is used may be ahead of what has passed for certain: so much later
    /// locks end, and nothing younger is deleted for its age.
    var unsureMilliseconds: Int64 { max(0, base - sureBase) }

    /// For requests to the collector.
    var collectorBase: Int64 { proofBase ?? base }

    /// The collector's clock less the machine's; nil until it was told.
    func offset(_ now: Reading) -> Int64? { proofBase.map { $0 - now.base } }

    /// To be kept for the next process.
    func record(_ now: Reading, bootID: String) -> ClockRecord {
        ClockRecord(
            bootID: bootID, boot: now.boot, wall: now.wall, seen: now.boot + base,
            certain: now.boot + sureBase, isProven: proofBase != nil, trust: trust)
    }
}
