import CollectorStore
import CollectorValues
import Domain
import Platform
import Wire

/// The size of a system's signed policy. Agents take none over `Limits.policyBytesMax`, so whoever is about to make a
/// larger one is told. It takes a few microseconds an account, so do not use it in a write transaction.
struct PolicySize {
    package static let bytesMax = Limits.policyBytesMax
    /// Header, signature and dots of the compact JWS never take more than this.
    private static let envelopeBytes = 512
    /// How many rows are encoded at a time.
    private static let rowsMax = 1000

    /// Bytes of the JSON.
    private(set) var payloadBytes: Int

    /// `terms` is the policy without accounts and services (`Records.terms`).
    init(terms: Policy) throws {
        var empty = terms
        empty.accounts = []
        empty.services = []
        // 512 bytes for the keys of the system and of two days, which every policy carries.
        payloadBytes = try encodeJSON(empty).count + 512
    }

    /// Bytes of the compact JWS, rounded up.
    package var bytes: Int { Self.signedBytes(payload: payloadBytes) }
    var isTooLarge: Bool { bytes > Self.bytesMax }

    static func signedBytes(payload: Int) -> Int {
        let text = (payload / 3).multipliedReportingOverflow(by: 4).partialValue
        return text + 4 + envelopeBytes
    }

    /// Returns the bytes of an account, which has one hash an officer. `officers` counts the CCCD and the officer code,
    /// if they are registered.
    package static func account(
        _ login: Login, perDay: Int64, kind: Policy.RegisteredAccount.Kind, officers: Int
    ) -> Policy.RegisteredAccount {
        let hash = String(repeating: "A", count: 22)
        return .init(
            login: login, perDay: perDay, kind: kind,
            officers: kind == .person ? Array(repeating: hash, count: max(0, officers)) : [])
    }

    package mutating func add(_ accounts: some Sequence<Policy.RegisteredAccount>) throws {
        try addRows(accounts)
    }

    package mutating func add(_ services: some Sequence<Policy.RegisteredService>) throws {
        try addRows(services)
    }

    private mutating func addRows<Row: Encodable>(_ rows: some Sequence<Row>) throws {
        var chunk: [Row] = []
        for row in rows {
            chunk.append(row)
            if chunk.count == Self.rowsMax {
                payloadBytes += try encodeJSON(chunk).count
                chunk.removeAll(keepingCapacity: true)
            }
        }
        if !chunk.isEmpty { payloadBytes += try encodeJSON(chunk).count }
    }
}

extension Records {
    /// Returns the size of a system's policy as it is registered now.
    func policySize(_ system: SystemRecord, _ config: CollectorConfig, at now: Timestamp) throws
        -> PolicySize
    {
        var size = try PolicySize(terms: try terms(system, config, at: now))
        let lists = try registered(system.code, officerKey: [UInt8](repeating: 0, count: 32))
        try size.add(lists.accounts)
        try size.add(lists.services)
        return size
    }
}
