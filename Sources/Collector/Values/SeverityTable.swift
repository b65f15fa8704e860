import Domain

/// How loud each finding is. The table is read from the top, and the first line that fits counts; `*` fits every kind.
/// `sure` is the severity once the detector's confidence reaches `sureAt`.
package enum SeverityTable {
    package struct Line {
        package let rule: RuleID
        package let kind: String
        package let severity: Severity
        package let sure: Severity

        package init(_ rule: RuleID, _ kind: String, _ severity: Severity, sure: Severity? = nil) {
            self.rule = rule
            self.kind = kind
            self.severity = severity
            self.sure = sure ?? severity
        }
    }

    package static let sureAt = 0.95

    package static let lines: [Line] = [
        // Registered volumes: staff look at a breach within the shift, at a lock now
        Line(.r1, "breach", .warning),
        Line(.r1, "*", .critical),
        Line(.r2, "breach", .warning),
        Line(.r2, "*", .critical),
        Line(.r3, "breach", .warning),
        Line(.r3, "*", .critical),

        // Detectors are louder when they are sure enough to lock
        Line(.r4, "lock", .critical),
        Line(.r4, "*", .warning, sure: .critical),
        Line(.r5, "lock", .critical),
        Line(.r5, "*", .warning, sure: .critical),
        Line(.r6, "lock", .critical),
        Line(.r6, "*", .warning, sure: .critical),

        // Papers
        Line(.r7, "warn", .info),
        Line(.r7, "review", .info),
        Line(.r7, "*", .warning),

        // These were refused already, or held back
        Line(.r8, "*", .info),
        Line(.r9, "*", .info),
        Line(.r10, "*", .warning),

        // Nationwide; the breaker means that locks have become proposals
        Line(.x1, "breaker", .critical),
        Line(.x1, "*", .warning, sure: .critical),
        Line(.x2, "*", .warning),
        Line(.x3, "*", .warning),
        Line(.x4, "*", .warning),
        Line(.x5, "*", .warning),
        Line(.x6, "*", .warning, sure: .critical),
        Line(.x7, "*", .info),

        // Integrity: broken signatures or chains are critical, what networks do is not
        Line(.i1, "fork", .critical),
        Line(.i1, "chain", .critical),
        Line(.i1, "key", .critical),
        // An agent let pass what a lock refuses that it says it holds
        Line(.i1, "allowed", .critical),
        Line(.i1, "window", .info),
        Line(.i1, "lockset_size", .critical),
        Line(.i1, "lockset_proposed", .critical),
        // Meanwhile queries pass unjudged
        Line(.i1, "bypass", .critical),
        Line(.i1, "centre", .critical),
        Line(.i1, "frozen", .warning),
        Line(.i1, "overlap", .warning),
        Line(.i1, "token", .warning),
        Line(.i1, "lockset", .warning),
        Line(.i1, "gap", .warning),
        Line(.i1, "spool", .warning),
        Line(.i1, "refused", .warning),
        Line(.i1, "replay", .info),
        Line(.i1, "clock", .info),
        Line(.i1, "*", .warning),
        Line(.i2, "*", .critical),
        Line(.i3, "*", .warning),
    ]

    /// A rule that the table does not know is a warning, never silent.
    package static func severity(of rule: String, _ kind: String, confidence: Double) -> Severity {
        let line = lines.first { $0.rule.rawValue == rule && ($0.kind == kind || $0.kind == "*") }
        guard let line else { return .warning }
        return confidence >= sureAt ? line.sure : line.severity
    }
}
