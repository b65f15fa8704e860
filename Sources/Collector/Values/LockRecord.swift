import Domain

struct LockRecord {
    let number: Int64
    let id: String
    let scope: Scope
    let reason: String
    let note: String
    let basis: String
    let message: Localized
    var state: LockState
    let issuedBy: String
    let issuedAt: Timestamp
    var expiresAt: Timestamp?
    var key: String?
    var k: Int?
    /// The lock-set version with which it first went out.
    var setVersion: Version?
    var confidence = 1.0
    /// JSON: the numbers behind it.
    var figures = "{}"
    var evidence = "[]"
    var approvedBy: String?
    var approvedAt: Timestamp?
    var endedAt: Timestamp?
    var endedBy: String?
    var endNote: String?
    /// justified or mistaken, as the release says.
    var outcome: String?
    /// The lock that this one took the place of.
    var replaces: String?
    var firstRefusal: Timestamp?
    var refused: Int64 = 0
}
