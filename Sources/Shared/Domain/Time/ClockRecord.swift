/// What the state folder keeps of the time (`clock.json`), so that a restart does not begin the trust anew. Times are
/// in milliseconds since 1970.
public struct ClockRecord: Codable, Equatable, Sendable {
    /// The run of the machine to which `boot` belongs.
    public let bootID: String
    /// The milliseconds from the machine's start to the writing of this record.
    public let boot: Int64
    /// What the machine's clock showed then.
    public let wall: Int64
    /// The time by which the agent worked.
    public let seen: Int64
    /// The time that had certainly passed; the collector's time where `isProven`.
    public let certain: Int64
    public let isProven: Bool
    public let trust: ClockJudge.Trust
    /// Signed times up to this one lie in the future, as the collector showed later; nil when there are none.
    public var doubted: Int64?

    public init(
        bootID: String, boot: Int64, wall: Int64, seen: Int64, certain: Int64, isProven: Bool,
        trust: ClockJudge.Trust, doubted: Int64?
    ) {
        self.bootID = bootID
        self.boot = boot
        self.wall = wall
        self.seen = seen
        self.certain = certain
        self.isProven = isProven
        self.trust = trust
        self.doubted = doubted
    }

    enum CodingKeys: String, CodingKey {
        case boot, wall, seen, certain, trust, doubted
        case bootID = "boot_id"
        case isProven = "proven"
    }

    /// Whether its times may be used. `wall` has wide bounds, since the machine's own clock may have shown anything.
    public var isPlausible: Bool {
        [seen, certain].allSatisfy { Timestamp(milliseconds: $0).isPlausible }
            && (0...(1 << 42)).contains(boot) && (0...(1 << 46)).contains(wall)
    }
}
