import Domain
import Platform

/// Keys of the day and the sketches made under them (docs/domain.md#promise-4). Neither is ever exported, except that
/// policies carry the keys of today and tomorrow to agents.
extension Records {
    /// Sketches are deleted when they are older than this many days.
    static let sketchDays = 30

    // MARK: keys

    /// Returns the keys that a system's policy carries now. They are the same for the whole nation, and made when first
    /// needed.
    func dayKeys(_ system: SystemCode, at now: Timestamp) throws -> [DayKey] {
        try DayKey.dates(at: now, place: system.rotationPlace).map { date in
            DayKey(date: date, key: Base64URL.encode(try dayKey(date)))
        }
    }

    private func dayKey(_ date: CalendarDate) throws -> [UInt8] {
        if let key = try db.first(
            "SELECT key FROM day_key WHERE date = ?", .integer(Int64(date.daysSinceEpoch)),
            read: { $0.blob(0) })
        {
            return key
        }
        let key = try randomBytes(DayKey.bytes)
        try db.run(
            "INSERT INTO day_key (date, key) VALUES (?, ?)",
            .integer(Int64(date.daysSinceEpoch)), .blob(key))
        return key
    }

    /// Whether all keys that a system's policy carries exist: a reading connection cannot make them.
    package func hasPolicyKeys(_ system: SystemCode, at now: Timestamp) throws -> Bool {
        guard try hasOfficerKey(system) else { return false }
        return try DayKey.dates(at: now, place: system.rotationPlace).allSatisfy { date in
            try db.first(
                "SELECT 1 FROM day_key WHERE date = ?", .integer(Int64(date.daysSinceEpoch))
            ) { _ in true } ?? false
        }
    }

    package func makePolicyKeys(_ system: SystemCode, at now: Timestamp) throws {
        _ = try officerKey(system)
        _ = try dayKeys(system, at: now)
    }

    /// Destroys keys that ended more than 7 days ago, and at most `countMax` sketches older than 30 days; returns how
    /// many.
    @discardableResult
    package func pruneSketches(now: Timestamp, countMax: Int = 1000) throws -> Int {
        let today = Int64(now.date.daysSinceEpoch)
        let lastKey = SQLiteValue.integer(today - Int64(DayKey.keptDays))
        // The key is overwritten in place first, since a deleted row's bytes stay in the file until they are reused.
        try db.run("UPDATE day_key SET key = zeroblob(32) WHERE date < ?", lastKey)
        try db.run("DELETE FROM day_key WHERE date < ?", lastKey)
        return try db.run(
            "DELETE FROM sketch WHERE rowid IN (SELECT rowid FROM sketch WHERE date < ? LIMIT ?)",
            .integer(today - Int64(Self.sketchDays)), .integer(Int64(countMax)))
    }

    // MARK: sketches

    /// Keeps an agent's sketch of a date in place of an earlier one. Returns false if a later one is there.
    package func keep(
        _ sketch: SystemSketch, _ agent: AgentID, epoch: Int64, seq: Int64, at now: Timestamp
    ) throws -> Bool {
        try db.run(
            """
            INSERT INTO sketch (date, agent, epoch, seq, received_at, text) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT DO UPDATE SET epoch = excluded.epoch, seq = excluded.seq,
            received_at = excluded.received_at, text = excluded.text
            WHERE (excluded.epoch, excluded.seq) >= (sketch.epoch, sketch.seq)
            """, .integer(Int64(sketch.date.daysSinceEpoch)), .text(agent.rawValue),
            .integer(epoch), .integer(seq), now.value, .text(sketch.text)) > 0
    }

    /// Returns each system's sketch of a date, merged over its agents.
    func sketches(on date: CalendarDate) throws -> [SystemCode: SystemSketch] {
        let kept = try db.rows(
            "SELECT agent, text FROM sketch WHERE date = ? ORDER BY agent",
            .integer(Int64(date.daysSinceEpoch))
        ) { (AgentID(unchecked: $0.text(0)), SystemSketch(text: $0.text(1))) }
        return kept.reduce(into: [:]) { systems, one in
            guard let sketch = one.1 else { return }
            if systems[one.0.system] == nil {
                systems[one.0.system] = sketch
            } else {
                systems[one.0.system]?.merge(sketch)
            }
        }
    }
}

extension SystemCode {
    /// Spreads systems over the minutes in which their policies change keys (FNV-1a hash).
    package var rotationPlace: UInt64 {
        rawValue.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
