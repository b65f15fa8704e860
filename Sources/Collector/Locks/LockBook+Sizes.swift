import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// Agents take a lock set of at most `Limits.lockSetBytesMax`. They would keep the set before a larger one, and miss
/// all later locks and releases. So whoever would make a set too large is told, and such a set is never signed.
extension LockBook {
    package enum WhenFull {
        /// For staff: nothing is changed, and whoever asked is told.
        case refuse
        /// For rules: the lock becomes a proposal, and an alert says so.
        case tell
    }

    /// A set would be larger than agents take.
    struct TooLarge {
        package let audience: Audience
        package let bytes: Int

        package var failure: CommandFailure {
            let most = Limits.lockSetBytesMax
            return CommandFailure(
                .failed,
                "the lock set of \(audience) would have \(bytes) bytes; agents take \(most) at most, so nothing was locked. Release locks of it, or lock a wider scope instead of many narrow ones",
                vi:
                    "tập lệnh khóa \(audience) sẽ dài \(bytes) byte; điểm chốt chỉ nhận tối đa \(most) byte nên chưa khóa. Hãy mở bớt lệnh khóa hoặc khóa phạm vi rộng hơn thay cho nhiều phạm vi hẹp"
            )
        }
    }

    /// Does what a transaction with many locks left to its end.
    package func finish(_ together: LocksTogether) throws {
        var book = self
        book.together = nil
        try book.publish(together.audiences)
        for window in together.windows {
            try records.pinWindow(window.system, from: window.from, at: now)
        }
    }

    /// Keeps what counts towards a lock for as long as the lock: a system's summaries that reach into a window.
    package func keepEvidence(of system: SystemCode, from start: Timestamp) throws {
        if let together {
            together.windows.insert(.init(system: system, from: start))
        } else {
            try records.pinWindow(system, from: start, at: now)
        }
    }

    /// Whether a set of this size may be signed. A set that became smaller always may: that is the way back.
    package func fits(_ audience: Audience, _ bytes: Int) throws -> Bool {
        guard bytes > Limits.lockSetBytesMax,
            bytes > (try records.lockSet(audience)?.jws.utf8.count ?? 0)
        else { return true }
        guard whenFull == .tell else { throw TooLarge(audience: audience, bytes: bytes).failure }
        try tellFull(audience, bytes, lock: nil)
        return false
    }

    /// Returns the set that a lock would make too large, or nil.
    func fullSet(with order: Order) throws -> TooLarge? {
        for audience in try audiences(of: order.scope) {
            let scopes = try expanded(order.scope, for: audience)
            let more = try scopes.reduce(0) { $0 + (try room(of: order, $1)) }
            let before = try together?.sizes[audience] ?? records.lockSet(audience)?.jws.utf8.count
            let bytes = (before ?? 0) + more
            guard bytes <= Limits.lockSetBytesMax else {
                return TooLarge(audience: audience, bytes: bytes)
            }
            together?.sizes[audience] = bytes
        }
        return nil
    }

    /// How many bytes a lock adds to a signed set, rounded up: its sentence counts twice.
    private func room(of order: Order, _ scope: Scope) throws -> Int {
        let id = lockID(999_999)
        let message =
            try order.message?(id) ?? refusal(order.scope, id: id, expiresAt: order.expiresAt)
        let lock = Lock(
            id: id, scope: scope, reason: order.reason, message: message, issuedAt: now,
            expiresAt: order.expiresAt, key: order.key, k: order.k)
        return (try encodeJSON(lock).count + 4) / 3 * 4 + 4
    }

    /// Keeps the lock from being lost: staff see it among the proposals, with its alert.
    func proposeInstead(_ order: Order, _ full: TooLarge) throws -> LockRecord {
        let lock = try propose(order)
        try tellFull(full.audience, full.bytes, lock: lock)
        return lock
    }

    private func tellFull(_ audience: Audience, _ bytes: Int, lock: LockRecord?) throws {
        let scope =
            switch audience {
            case .nation: "nation"
            case .system(let code): Scope.system(code).description
            }
        var words: [String: Localized] = [
            "audience": .same(audience), "count": .same(bytes),
            "limit": .same(Limits.lockSetBytesMax),
        ]
        if let lock {
            words["lock_id"] = .same(lock.id)
            words["scope"] = .same(shown(lock.scope.description))
        }
        try records.add(
            Finding(
                rule: .i1, kind: lock == nil ? "lockset_size" : "lockset_proposed", scope: scope,
                key: now.date.description,
                from: now, at: now,
                message: (lock == nil
                    ? MessageKey.alertI1LocksetSize : .alertI1LocksetProposed).text(words),
                figures: [
                    "bytes": .integer(Int64(bytes)),
                    "limit": .integer(Int64(Limits.lockSetBytesMax)),
                    "lock": lock.map { .string($0.id) } ?? .null,
                ], evidence: []))
    }
}
