import Domain
import Platform
import Wire

/// What `chot-agent status` tells of one system. It names accounts, so it goes only over `status.sock` in the state
/// folder, never over the status listener. Lists hold the first ten; `more` says how many follow.
struct AgentReport: Codable {
    static let linesMax = 10

    /// The same fields as `/healthz`.
    let short: AgentStatus
    /// Nil while the system is not open.
    let details: Details?
    var troubles: [Trouble]

    /// Something that somebody should look after.
    struct Trouble: Codable, Equatable {
        enum Kind: String, Codable {
            case closed, collector, clock, storage, dropped, refused, bypass, gateway, log
            case notOpen = "not_open"
            case queryLog = "query_log"
            /// What the collector offers is not taken, or what it is sent is not counted.
            case centre
        }

        let kind: Kind
        let message: Localized
    }

    struct Details: Codable {
        let system: SystemCode
        let systemName: String
        let version: String
        let startedAt: ReportTime
        let at: ReportTime
        let standing: Standing
        let locks: Listed<LockLine>
        let contact: ContactLine
        let offline: OfflineLine
        let clock: ClockLine
        let bypass: BypassLine?
        let backlog: BacklogLine
        let today: Today
        let refusals: [ReasonLine]
        let noted: [ReasonLine]
        let storage: StorageLine
        /// The followed logs, with the gateway's own log of what passed.
        let logs: [FollowedLogs.Status]

        enum CodingKeys: String, CodingKey {
            case system, version, at, standing, locks, contact, offline, clock, bypass, backlog
            case today, refusals, noted, storage, logs
            case systemName = "system_name"
            case startedAt = "started_at"
        }
    }

    struct Listed<T: Codable>: Codable {
        let items: [T]
        let more: Int

        init(_ all: [T]) {
            items = Array(all.prefix(AgentReport.linesMax))
            more = all.count - items.count
        }
    }

    /// An object in force, and when the collector signed it.
    struct Standing: Codable {
        struct Part: Codable {
            let version: Version
            let issuedAt: ReportTime

            enum CodingKeys: String, CodingKey {
                case version
                case issuedAt = "issued_at"
            }
        }

        let nation: Part?
        let system: Part?
        let policy: Part?
    }

    struct BypassLine: Codable {
        let from: ReportTime
        let until: ReportTime
        let by: String
        let reason: String
    }

    struct LockLine: Codable {
        let id: String
        let scope: Scope
        let reason: String
        let since: ReportTime
        let until: ReportTime?
    }

    struct ContactLine: Codable {
        let isConnected: Bool
        let last: ReportTime
        let silentSeconds: Int64
        /// Why the collector did not answer the last time.
        let why: String?

        enum CodingKeys: String, CodingKey {
            case last, why
            case isConnected = "connected"
            case silentSeconds = "silent_seconds"
        }
    }

    struct OfflineLine: Codable {
        let mode: String
        /// In mode `closed`: the last contact, if the agent refuses everything because it was too long ago.
        let closedSince: ReportTime?
        /// In mode `closed`, while out of contact: when the agent will refuse everything.
        let closesAt: ReportTime?

        enum CodingKeys: String, CodingKey {
            case mode
            case closedSince = "closed_since"
            case closesAt = "closes_at"
        }
    }

    struct ClockLine: Codable {
        let trust: ClockJudge.Trust
        /// The machine's clock minus the time that is used instead.
        let errorSeconds: Int64
        /// The collector's clock minus the machine's; nil until the collector has told its time.
        let offsetMilliseconds: Int64?
        /// How much later locks end.
        let unsureSeconds: Int64

        enum CodingKeys: String, CodingKey {
            case trust
            case errorSeconds = "error_seconds"
            case offsetMilliseconds = "offset_ms"
            case unsureSeconds = "unsure_seconds"
        }
    }

    /// Numbers are -1 where the outbox cannot be read.
    struct BacklogLine: Codable {
        let intervals: Int64
        let summaries: Int64
        let bytes: Int64
        let bytesMax: Int64
        /// Where the oldest waiting interval begins.
        let oldest: ReportTime?
        let kept: Int64
        let keptBytes: Int64
        /// What was ever dropped here.
        let dropped: Dropped

        struct Dropped: Codable {
            let intervals: Int64
            let rows: Int64
            let queries: Int64
            let kept: Int64
        }

        /// What the collector ever refused for good; these counts are missing there.
        let refused: Refused

        struct Refused: Codable {
            let summaries: Int64
            let queries: Int64
            /// How many of the summaries are still kept for inspection.
            let kept: Int64
        }

        enum CodingKeys: String, CodingKey {
            case intervals, summaries, bytes, oldest, kept, dropped, refused
            case bytesMax = "bytes_max"
            case keptBytes = "kept_bytes"
        }
    }

    /// What was counted, against what is registered.
    struct Today: Codable {
        let day: CalendarDate
        let window: WindowKind
        let windowEnd: ReportTime
        let accounts: Listed<VolumeLine>
        let services: Listed<VolumeLine>
        /// In off hours, the volume of the whole system.
        let cap: VolumeLine?

        enum CodingKeys: String, CodingKey {
            case day, window, accounts, services, cap
            case windowEnd = "window_end"
        }
    }

    struct VolumeLine: Codable {
        let name: String
        let allowed: Int64
        let registered: Int64
        /// Whole percent of the registered volume.
        let percent: Int64
        /// The volume from which the rule refuses; nil when it refuses nothing here.
        let refusedAt: Int64?

        enum CodingKeys: String, CodingKey {
            case name, allowed, registered, percent
            case refusedAt = "refused_at"
        }
    }

    struct ReasonLine: Codable {
        let reason: String
        let count: Int64
        let message: Localized
    }

    struct StorageLine: Codable {
        struct Failing: Codable {
            let message: Localized
            let cause: String
            /// The cause for the Vietnamese sentence; JSON has the English one only.
            var causeVi: String?
            let since: ReportTime?

            enum CodingKeys: String, CodingKey { case message, cause, since }
        }

        let failing: [Failing]
        /// How much counting a power loss could cost, in milliseconds; about a second when all is well.
        let unsyncedMilliseconds: Int64
        let freeBytes: Int64?

        enum CodingKeys: String, CodingKey {
            case failing
            case unsyncedMilliseconds = "unsynced_ms"
            case freeBytes = "free_bytes"
        }
    }

    enum CodingKeys: String, CodingKey { case troubles, details }

    init(short: AgentStatus, details: Details?, troubles: [Trouble]) {
        self.short = short
        self.details = details
        self.troubles = troubles
    }

    /// Reads the short fields and those of the details, side by side.
    init(from decoder: any Decoder) throws {
        short = try AgentStatus(from: decoder)
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        troubles = try fields.decode([Trouble].self, forKey: .troubles)
        details = try fields.decodeIfPresent(Details.self, forKey: .details)
    }

    func encode(to encoder: any Encoder) throws {
        try short.encode(to: encoder)
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(troubles, forKey: .troubles)
        try fields.encodeIfPresent(details, forKey: .details)
    }
}
