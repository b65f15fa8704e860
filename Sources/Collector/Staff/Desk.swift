import Platform

/// What the commands of staff work with. Made once by who runs the collector.
struct Desk: Sendable {
    let config: CollectorConfig
    let store: any Store
    let keys: CollectorKeys
    let metrics: Metrics
    let delivery: Delivery
    let locks: LockOffice
    let policies: PolicyPublisher
    let imports: ImportPlace
    let notifications: Notifications
    let clock: CentreClock
    let evidenceGate: EvidenceGate
    let audit: AuditSigner
    /// What is remembered of who may speak is looked up anew: an agent was revoked.
    let forgetTokens: @Sendable () -> Void
}
