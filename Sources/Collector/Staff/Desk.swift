import CollectorBackups
import CollectorClock
import CollectorDelivery
import CollectorEvidence
import CollectorLocks
import CollectorNotifications
import CollectorRegistry
import CollectorStore
import CollectorValues
import Platform

/// What the commands of staff work with. The running collector makes one.
package struct Desk: Sendable {
    package let config: CollectorConfig
    package let store: any Store
    package let keys: CollectorKeys
    package let metrics: Metrics
    package let delivery: Delivery
    package let locks: LockOffice
    package let policies: PolicyPublisher
    package let imports: ImportPlace
    package let notifications: Notifications
    package let clock: CentreClock
    package let evidenceGate: EvidenceGate
    package let audit: AuditSigner
    /// Forgets what is remembered of tokens and agents. Must be called after an agent was revoked.
    package let forgetTokens: @Sendable () -> Void

    package init(
        config: CollectorConfig, store: any Store, keys: CollectorKeys, metrics: Metrics,
        delivery: Delivery, locks: LockOffice, policies: PolicyPublisher, imports: ImportPlace,
        notifications: Notifications, clock: CentreClock, evidenceGate: EvidenceGate,
        audit: AuditSigner, forgetTokens: @escaping @Sendable () -> Void
    ) {
        self.config = config
        self.store = store
        self.keys = keys
        self.metrics = metrics
        self.delivery = delivery
        self.locks = locks
        self.policies = policies
        self.imports = imports
        self.notifications = notifications
        self.clock = clock
        self.evidenceGate = evidenceGate
        self.audit = audit
        self.forgetTokens = forgetTokens
    }
}
