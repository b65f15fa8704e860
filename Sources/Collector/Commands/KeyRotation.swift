import Domain
import Platform
import Wire

extension CollectorServer {
    /// Signs a system's policy when its content changed. Inside `Store.write`.
    func publishPolicy(of system: SystemRecord, _ records: Records, at now: Timestamp) throws {
        var policy = try records.policyContent(system, config, at: now)
        let content = Base64URL.encode(Digest.sha256(try encodeJSON(policy)))
        let stored = try records.storedPolicy(system.code)
        if stored?.content == content { return }
        let counter = (stored?.counter ?? 0) + 1
        policy.version = Version(generation: try records.generation(), counter: counter)
        policy.issuedAt = now
        try records.storePolicy(
            system.code, counter: counter, content: content,
            jws: JWS.sign(policy, typ: Policy.typ, with: signingKey), at: now)
    }
}

/// Takes the key of yesterday out of every policy within the first hour of a date, one system after the other, and
/// destroys old keys and sketches. Used by the main thread.
struct KeyRotation {
    let server: CollectorServer
    /// To here all systems' policies carry the keys they should.
    private var doneTo: Timestamp
    private var prunedHour: Timestamp?

    init(server: CollectorServer, since: Timestamp) {
        self.server = server
        doneTo = since
    }

    /// Called every few seconds; does something in the first hour of a date, and once an hour.
    mutating func look(at now: Timestamp) {
        do {
            if now.hourStart != prunedHour {
                try server.store.write(as: .background) { try $0.pruneSketches(now: now) }
                prunedHour = now.hourStart
            }
            let from = doneTo
            let due = try server.store.read { try $0.systems() }.filter { system in
                let place = system.code.rotationPlace
                return DayKey.dates(at: from, place: place) != DayKey.dates(at: now, place: place)
            }
            if !due.isEmpty {
                try server.store.write(as: .background) { records in
                    for system in due { try server.publishPolicy(of: system, records, at: now) }
                }
                try server.store.read { try server.delivery.refresh($0) }
            }
            doneTo = now
        } catch {
            server.metrics.add("chot_collector_storage_errors_total")
            Log.error("cannot change the keys of the day; it is tried again", ["error": error])
        }
    }
}
