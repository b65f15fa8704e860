/// What is kept of the time in the state folder (`clock.json`), so that a restart does not begin the trust anew.
/// Times are milliseconds since 1970.
public struct ClockRecord: Codable, Equatable, Sendable {
    /// Which run of the machine `boot` belongs to.
    public let bootID: String
    /// Milliseconds since the machine was started, when this was written.
    public let boot: Int64
    /// The machine's clock then.
    public let wall: Int64
    /// What the agent took for the time.
    public let seen: Int64
    /// What had passed for certain; the collector's time where `isProven`.
    public let certain: Int64
    public let isProven: Bool
    public let trust: ClockJudge.Trust
    /// Signed times up to here lie in the future, as the collector said later; nil: none.
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

    /// The machine's own clock may have shown anything.
    public var isPlausible: Bool {
        [seen, certain].allSatisfy { Timestamp(milliseconds: $0).isPlausible }
            && (0...(1 << 42)).contains(boot) && (0...(1 << 46)).contains(wall)
    }
}
