import Domain
import Wire

@testable import Agent

extension FuzzTarget {
    /// Payloads of lock sets, and whom they bind.
    static let lockSet = FuzzTarget(
        "lockset",
        words: [
            "\"locks\":[", "\"scope\":\"", "account=", "service=", "ip=", "unit=", "system=",
            "person=", "@H26.motcua", "@*", "\"expires_at\":", "\"issued_at\":", "\"waivers\":[",
            "\"next_k\":", "\"audit\":", "\"reason\":\"R1\"",
            "\"message\":{\"vi\":\"a\",\"en\":\"b\"}",
            "9223372036854775807", "nation",
        ]
    ) { bytes in
        guard let set = try Fuzz.reread(LockSet.self, bytes) else { return }
        let (system, service) = (
            SystemCode(unchecked: "H26.motcua"), ServiceName(unchecked: "TraCuu")
        )
        let index = LockIndex(set.locks, system: system)
        let now = Timestamp(milliseconds: 1_795_486_000_000)
        for lock in set.locks.prefix(16) {
            var query = Query(login: Login(unchecked: "-"), service: service, source: "", at: now)
            let isOurs: Bool
            switch lock.scope {
            case .account(let login, let locked):
                query.login = login
                isOurs = locked == system
            case .service(let name, let locked):
                query.service = name
                isOurs = locked == system
            case .ip(let address, let locked):
                query.source = address
                isOurs = locked == system
            case .ipEverywhere(let address):
                query.source = address
                isOurs = true
            case .system(let locked): isOurs = locked == system
            case .unit(let unit): isOurs = unit == system.unit
            case .person: isOurs = false
            }
            let found = index.first(binding: query)
            try promise(found?.isInForce(at: now) ?? true, "a lock that is over binds")
            try promise(found.map(set.locks.contains) ?? true, "a lock of no set binds")
            if isOurs, lock.isInForce(at: now) {
                try promise(found != nil, "\(lock.scope) is free")
            }
        }
        for waiver in set.waivers {
            guard let id = Quota.ID(rule: waiver.rule, scope: waiver.scope, key: waiver.key) else {
                continue
            }
            try promise(id.key == waiver.key, "a quota's key is \(id.key)")
        }
        guard set.isPlausible else { return }
        for lock in set.locks {
            _ = (until(lock.expiresAt), moment(lock.issuedAt), "\(lock.issuedAt)")
        }
    }
}
