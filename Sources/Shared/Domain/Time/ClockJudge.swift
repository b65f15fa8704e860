/// Decides what time it is (docs/decisions/0013): by the machine's clock, unless it is plainly wrong. Of an agent, to
/// which the collector proves the time, and of the collector, to which its agents do (docs/decisions/0017).
///
/// Plainly wrong is a clock more than five minutes away from what the collector told in this run of the
/// machine, or, as long as it told nothing, one that lies before a time which is known to be past, or where
/// no honest clock can be. What the agent itself took for the time before the machine was restarted is no such
/// time, since that clock may have been ahead. All times are milliseconds; a *base* is a time less the time since boot, so that it stands still.
/// Pure: readings come in.
public struct ClockJudge: Sendable {
    /// Both clocks of the machine, read together.
    public struct Reading: Equatable, Sendable {
        /// Since 1970; may step.
        public let wall: Int64
        /// Since the machine was started; only forward.
        public let boot: Int64

        public init(wall: Int64, boot: Int64) {
            self.wall = wall
            self.boot = boot
        }

        fileprivate var base: Int64 { wall - boot }
    }

    public enum Trust: String, Codable, Sendable {
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
    public struct Past {
        /// Passed for certain: signed by the collector, or told by it.
        public let certain: Int64
        /// What the agent last took for the time.
        public let seen: Int64

        public init(certain: Int64, seen: Int64) {
            self.certain = certain
            self.seen = seen
        }
    }

    /// Beyond it a clock is plainly wrong, and a step is told.
    public static let toleranceMilliseconds: Int64 = 300_000

    public static let plausible =
        Timestamp.plausible.lowerBound.milliseconds...Timestamp.plausible.upperBound.milliseconds
    /// A day before what a summary may tell, so that an interval has room to end.
    public static let timeMax = plausible.upperBound - Timestamp.millisecondsPerDay

    /// The time is `boot + base`.
    public private(set) var base = Int64(0)
    public private(set) var trust = Trust.unproven
    /// The machine's clock less the time that is used instead; 0 while it is used itself.
    public private(set) var errorMilliseconds = Int64(0)
    /// By the collector, in this run of the machine.
    private var proofBase: Int64?
    private var certainBase: Int64
    /// Of this run of the machine. Overrules its clock only until somebody sets that.
    private var seenBase: Int64?
    /// Of an earlier run. Goes on where the machine's clock is wrong by itself, and overrules nothing.
    private var hintBase: Int64?
    /// Signed times up to here were shown to lie in the future: they are not past because they are signed.
    private var doubted: Int64
    private var lastWallBase: Int64

    public init(_ now: Reading, past: Past) {
        certainBase = past.certain - now.boot
        hintBase = past.seen - now.boot
        lastWallBase = now.base
        doubted = 0
        judge(now)
    }

    /// Goes on after an earlier process of the same run of the machine.
    public init(_ now: Reading, past: Past, record: ClockRecord, isSameBoot: Bool) {
        guard isSameBoot else {
            self.init(
                now,
                past: Past(certain: max(past.certain, record.certain), seen: record.seen))
            doubted = record.doubted ?? 0
            return
        }
        self.init(now, past: Past(certain: past.certain, seen: past.certain))
        doubted = record.doubted ?? 0
        certainBase = max(certainBase, record.certain - record.boot)
        if record.isProven { proofBase = record.certain - record.boot }
        // Whoever set the clock meanwhile knew more than we did.
        let wasSet = abs(now.base - (record.wall - record.boot)) > Self.toleranceMilliseconds
        seenBase = wasSet ? nil : record.seen - record.boot
        if record.trust == .wrong { trust = .wrong }
        judge(now)
    }

    /// Looks at the machine's clock again. True when it was stepped since the last look.
    public mutating func look(_ now: Reading) -> Bool {
        let isStep = abs(now.base - lastWallBase) > Self.toleranceMilliseconds
        if isStep { (seenBase, hintBase) = (nil, nil) }
        lastWallBase = now.base
        judge(now)
        return isStep
    }

    /// The collector's time, just heard. `isExact`: it told it; else it took our token, whose time may be
    /// a minute off, so that a proof that stands is better.
    public mutating func prove(_ time: Int64, at now: Reading, isExact: Bool) {
        if isExact || proofBase == nil { proofBase = time - now.boot }
        if isExact, certainBase > time - now.boot + Self.toleranceMilliseconds {
            doubted = max(doubted, certainBase + now.boot)
            certainBase = time - now.boot
        }
        lastWallBase = now.base
        judge(now)
    }

    /// More of what is past, as state folders are opened.
    public mutating func learn(_ past: Past, at now: Reading) {
        if past.certain > doubted { certainBase = max(certainBase, past.certain - now.boot) }
        hintBase = max(hintBase ?? .min, past.seen - now.boot)
        judge(now)
    }

    private mutating func judge(_ now: Reading) {
        let wallBase = now.base
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
            let isBeyond =
                now.wall > Self.timeMax && certainBase + now.boot >= Self.plausible.lowerBound
            trust = isBeyond ? .wrong : isBehind ? .behind : .unproven
            base = wallBase
            if isBehind || isBeyond {
                let known = [leastBase, hintBase ?? leastBase].filter {
                    $0 + now.boot <= Self.timeMax
                }
                base = known.max() ?? certainBase
            }
        }
        errorMilliseconds = wallBase - base
    }

    /// The collector's clock, as far as it is known: told in this run of the machine, else the time that
    /// has passed for certain.
    private var sureBase: Int64 { proofBase ?? certainBase }

    /// By how much the time that is used may be ahead of what has passed for certain: so much later
    /// locks end, and nothing younger is deleted for its age.
    public var unsureMilliseconds: Int64 { max(0, base - sureBase) }

    /// By which the collector's certificate may be judged, likeliest first: a clock that is wrong must not keep out
    /// the one that can tell. What it then tells is held to the certificate (`TrustedClock.prove`).
    public func certificateTimes(_ now: Reading) -> [Int64] {
        var times: [Int64] = []
        for time in [now.boot + collectorBase, now.wall, now.boot + certainBase]
        where Self.plausible.contains(time)
            && !times.contains(where: { abs($0 - time) <= Self.toleranceMilliseconds })
        {
            times.append(time)
        }
        return times.isEmpty ? [now.boot + collectorBase] : times
    }

    /// For requests to the collector.
    public var collectorBase: Int64 { proofBase ?? base }

    /// The collector's clock less the machine's; nil until it was told.
    public func offset(_ now: Reading) -> Int64? { proofBase.map { $0 - now.base } }

    /// To be kept for the next process.
    public func record(_ now: Reading, bootID: String) -> ClockRecord {
        ClockRecord(
            bootID: bootID, boot: now.boot, wall: now.wall,
            seen: min(now.boot + base, Self.timeMax),
            certain: now.boot + sureBase, isProven: proofBase != nil, trust: trust,
            doubted: doubted > now.boot + sureBase ? doubted : nil)
    }
}
