import Domain

package struct LockRecord {
    package let number: Int64
    package let id: String
    package let scope: Scope
    package let reason: String
    package let note: String
    package let basis: String
    package let message: Localized
    package var state: LockState
    package let issuedBy: String
    package let issuedAt: Timestamp
    package var expiresAt: Timestamp?
    package var key: String?
    package var k: Int?
    /// The version of the first lock set that held the lock.
    package var setVersion: Version?
    package var confidence = 1.0
    /// The numbers behind the lock, as JSON.
    package var figures = "{}"
    package var evidence = "[]"
    package var approvedBy: String?
    package var approvedAt: Timestamp?
    package var endedAt: Timestamp?
    package var endedBy: String?
    package var endNote: String?
    /// `justified` or `mistaken`, as the release says.
    package var outcome: String?
    /// The lock that this one replaced.
    package var replaces: String?
    package var firstRefusal: Timestamp?
    package var refused: Int64 = 0

    package init(
        number: Int64, id: String, scope: Scope, reason: String, note: String, basis: String,
        message: Localized, state: LockState, issuedBy: String, issuedAt: Timestamp,
        expiresAt: Timestamp? = nil, key: String? = nil, k: Int? = nil, setVersion: Version? = nil,
        confidence: Double = 1.0, figures: String = "{}", evidence: String = "[]",
        approvedBy: String? = nil, approvedAt: Timestamp? = nil, endedAt: Timestamp? = nil,
        endedBy: String? = nil, endNote: String? = nil, outcome: String? = nil,
        replaces: String? = nil, firstRefusal: Timestamp? = nil, refused: Int64 = 0
    ) {
        self.number = number
        self.id = id
        self.scope = scope
        self.reason = reason
        self.note = note
        self.basis = basis
        self.message = message
        self.state = state
        self.issuedBy = issuedBy
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.key = key
        self.k = k
        self.setVersion = setVersion
        self.confidence = confidence
        self.figures = figures
        self.evidence = evidence
        self.approvedBy = approvedBy
        self.approvedAt = approvedAt
        self.endedAt = endedAt
        self.endedBy = endedBy
        self.endNote = endNote
        self.outcome = outcome
        self.replaces = replaces
        self.firstRefusal = firstRefusal
        self.refused = refused
    }
}
