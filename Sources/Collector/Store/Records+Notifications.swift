import CollectorValues
import Domain
import Platform

/// What enters the outbox, in the same transaction as the alert or lock itself.
extension Records {
    /// How an alert stood before a finding renewed it.
    package struct AlertStanding {
        package let id: Int64
        package let severity: Severity
        let isResolved: Bool
    }

    func standing(of finding: Finding) throws -> AlertStanding? {
        try db.first(
            """
            SELECT id, CAST(confidence * 1000 AS INTEGER), state FROM alert
            WHERE rule = ? AND kind = ? AND scope = ? AND key = ?
            """, .text(finding.rule.rawValue), .text(finding.kind), .text(finding.scope),
            .text(finding.key)
        ) { row in
            AlertStanding(
                id: row.integer(0),
                severity: SeverityTable.severity(
                    of: finding.rule.rawValue, finding.kind,
                    confidence: Double(row.integer(1)) / 1000),
                isResolved: row.text(2) == "resolved")
        }
    }

    /// Tells of a new alert, of one that became louder, and of a resolved one that is open again. Nobody is told of
    /// renewed figures alone.
    package func tell(_ finding: Finding, since before: AlertStanding?) throws {
        guard let now = try standing(of: finding) else { return }
        let isReopened = before.map { $0.isResolved && !now.isResolved } ?? false
        if let before, now.severity <= before.severity, !isReopened { return }
        let event: Notification.Event = before == nil ? .alertNew : .alertRaised
        if before != nil {
            try db.run(
                "UPDATE alert SET state = 'open' WHERE id = ? AND state = 'resolved'",
                .integer(now.id))
        }
        try note(now.id, event.rawValue, now.severity, at: finding.at)
        let parts =
            [
                finding.rule.rawValue, finding.kind, finding.scope, finding.key,
                before == nil ? "" : now.severity.rawValue,
            ] + (isReopened ? ["\(finding.at.milliseconds)"] : [])
        try enqueue(
            Notification(
                id: Notification.id(of: event, parts), event: event, rule: finding.rule.rawValue,
                kind: finding.kind, severity: now.severity, scope: finding.scope,
                subject: "\(now.id)", at: finding.at, message: finding.message))
    }

    func noteResolved(_ alert: Int64, at time: Timestamp) throws {
        try note(alert, "resolved", .info, at: time)
    }

    private func note(_ alert: Int64, _ event: String, _ severity: Severity, at time: Timestamp)
        throws
    {
        try db.run(
            "INSERT INTO alert_event (alert, event, severity, at_ms) VALUES (?, ?, ?, ?)",
            .integer(alert), .text(event), .integer(Int64(severity.rank)), time.value)
    }

    /// Tells of a lock, without the notes and names of staff: those stay in the audit log.
    package func tell(
        _ lock: LockRecord, _ event: Notification.Event, outcome: String? = nil, at time: Timestamp
    ) throws {
        let severity: Severity =
            switch event {
            case .lockIssued: .critical
            case .lockReleased: .info
            default: .warning
            }
        let key: MessageKey =
            switch event {
            case .lockIssued: .notifyLockIssued
            case .lockReleased: .notifyLockReleased
            default: .notifyLockProposed
            }
        let concluded: MessageKey =
            switch outcome {
            case "justified": .notifyOutcomeJustified
            case "mistaken": .notifyOutcomeMistaken
            default: .notifyOutcomeNone
            }
        let reason =
            lock.reason == "staff"
            ? MessageKey.notifyReasonStaff.template
            : MessageKey.notifyReasonRule.text(["rule": .same(lock.reason)])
        let message = key.text([
            "lock_id": .same(lock.id), "scope": .same(shown(lock.scope.description)),
            "until": until(lock.expiresAt), "reason": reason, "message": lock.message,
            "outcome": concluded.template,
        ])
        try enqueue(
            Notification(
                // A restored backup may give a lock of the same number again; its time of issue differs.
                id: Notification.id(of: event, [lock.id, "\(lock.issuedAt.milliseconds)"]),
                event: event, rule: lock.reason, kind: "lock", severity: severity,
                scope: lock.scope.description, subject: lock.id, at: time, message: message))
    }

    /// Adds a notification unless its id is there already.
    package func enqueue(_ notification: Notification) throws {
        try db.run(
            """
            INSERT OR IGNORE INTO notification (id, event, rule, kind, severity, scope, subject, at_ms,
            vi, en) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(notification.id), .text(notification.event.rawValue),
            .text(notification.rule), .text(notification.kind),
            .integer(Int64(notification.severity.rank)), .text(notification.scope),
            .text(notification.subject), notification.at.value, .text(notification.message.vi),
            .text(notification.message.en))
    }

    static let notificationColumns =
        "n.number, n.id, n.event, n.rule, n.kind, n.severity, n.scope, n.subject, n.at_ms, n.vi, n.en"

    func readNotification(_ row: SQLiteRow) -> Notification {
        Notification(
            number: row.integer(0), id: row.text(1),
            event: Notification.Event(rawValue: row.text(2)) ?? .alertNew, rule: row.text(3),
            kind: row.text(4), severity: Severity(rank: Int(row.integer(5))), scope: row.text(6),
            subject: row.text(7), at: Timestamp(milliseconds: row.integer(8)),
            message: Localized(vi: row.text(9), en: row.text(10)))
    }

    // MARK: following

    /// The last number that was given, even if its row is gone.
    package func lastNotification() throws -> Int64 {
        try db.first("SELECT seq FROM sqlite_sequence WHERE name = 'notification'") {
            $0.integer(0)
        } ?? 0
    }

    /// Returns what happened to alerts after a number, oldest first.
    package func alertNotifications(after number: Int64, countMax: Int) throws -> [Notification] {
        try db.rows(
            """
            SELECT \(Self.notificationColumns) FROM notification n
            WHERE n.number > ? AND n.event IN ('alert.new', 'alert.raised')
            ORDER BY n.number LIMIT \(countMax)
            """, .integer(number), read: readNotification)
    }
}
