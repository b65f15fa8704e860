import Domain
import Platform
import Wire

/// What is kept of the time in the state folder (`clock.json`), so that a restart does not begin the trust anew.
/// Times are milliseconds since 1970.
struct ClockRecord: Codable, Equatable {
    /// Which run of the machine `boot` belongs to.
    let bootID: String
    /// Milliseconds since the machine was started, when this was written.
    let boot: Int64
    /// The machine's clock then.
    let wall: Int64
    /// What the agent took for the time.
    let seen: Int64
    /// What had passed for certain; the collector's time where `isProven`.
    let certain: Int64
    let isProven: Bool
    let trust: ClockJudge.Trust
    /// Signed times up to here lie in the future, as the collector said later; nil: none.
    var doubted: Int64?

    enum CodingKeys: String, CodingKey {
        case boot, wall, seen, certain, trust, doubted
        case bootID = "boot_id"
        case isProven = "proven"
    }

    static func path(_ state: String) -> String { "\(state)/clock.json" }

    /// Nil when there is none, or none that can be believed.
    static func load(_ state: String) -> ClockRecord? {
        guard let bytes = try? Files.read(path(state), bytesMax: 4096),
            let record = try? decodeJSON(ClockRecord.self, bytes), record.isPlausible
        else { return nil }
        return record
    }

    /// The machine's own clock may have shown anything.
    private var isPlausible: Bool {
        [seen, certain].allSatisfy { Timestamp(milliseconds: $0).isPlausible }
            && (0...(1 << 42)).contains(boot) && (0...(1 << 46)).contains(wall)
    }

    func save(_ state: String) throws(FileError) {
        guard let bytes = try? encodeJSON(self) else { return }
        try Files.writeAtomically(Self.path(state), bytes)
    }
}
