// A field that came with a later version has a default where an older writer does not name it: agents and collector
// are upgraded one after the other, and kept summaries are read for 8 days.

extension Summary {
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        v = try fields.decode(Int.self, forKey: .v)
        agent = try fields.decode(AgentID.self, forKey: .agent)
        system = try fields.decode(SystemCode.self, forKey: .system)
        epoch = try fields.decode(Int64.self, forKey: .epoch)
        seq = try fields.decode(Int64.self, forKey: .seq)
        part = try fields.decode(Part.self, forKey: .part)
        prev = try fields.decode(String.self, forKey: .prev)
        from = try fields.decode(Timestamp.self, forKey: .from)
        to = try fields.decode(Timestamp.self, forKey: .to)
        everyMilliseconds = try fields.decode(Int64.self, forKey: .everyMilliseconds)
        clockOffsetMilliseconds = try fields.decodeIfPresent(
            Int64.self, forKey: .clockOffsetMilliseconds)
        returns = try fields.decodeIfPresent(Int64.self, forKey: .returns)
        held = try fields.decode(Held.self, forKey: .held)
        downtime = try fields.decodeIfPresent(Downtime.self, forKey: .downtime)
        dropped = try fields.decodeIfPresent([String: Int64].self, forKey: .dropped) ?? [:]
        refusedSets = try fields.decodeIfPresent([String: Int64].self, forKey: .refusedSets) ?? [:]
        breaches = try fields.decodeIfPresent([Breach].self, forKey: .breaches) ?? []
        refusals = try fields.decodeIfPresent([LockRefusals].self, forKey: .refusals) ?? []
        bypass = try fields.decodeIfPresent(BypassNote.self, forKey: .bypass)
        rows = try fields.decode([SummaryRow].self, forKey: .rows)
        features = try fields.decodeIfPresent([AccountFeatures].self, forKey: .features) ?? []
        sketchHash = try fields.decodeIfPresent(String.self, forKey: .sketchHash)
    }
}

extension Interval {
    enum CodingKeys: String, CodingKey {
        case from, to, downtime, dropped, breaches, refusals, bypass, rows, features
        case returns, part
        case sketchHash = "sketch_sha256"
        case wasSigned = "was_signed"
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        wasSigned = try fields.decodeIfPresent(Bool.self, forKey: .wasSigned) ?? false
        returns = try fields.decodeIfPresent(Int64.self, forKey: .returns)
        part = try fields.decodeIfPresent(Summary.Part.self, forKey: .part)
        from = try fields.decode(Timestamp.self, forKey: .from)
        to = try fields.decode(Timestamp.self, forKey: .to)
        downtime = try fields.decodeIfPresent(Summary.Downtime.self, forKey: .downtime)
        dropped = try fields.decodeIfPresent([String: Int64].self, forKey: .dropped) ?? [:]
        breaches = try fields.decodeIfPresent([Breach].self, forKey: .breaches) ?? []
        refusals = try fields.decodeIfPresent([LockRefusals].self, forKey: .refusals) ?? []
        bypass = try fields.decodeIfPresent(BypassNote.self, forKey: .bypass)
        rows = try fields.decode([SummaryRow].self, forKey: .rows)
        features = try fields.decodeIfPresent(FeatureLines.self, forKey: .features) ?? .init()
        sketchHash = try fields.decodeIfPresent(String.self, forKey: .sketchHash)
    }
}
