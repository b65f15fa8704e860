import Seeds
import Domain

/// What is registered in a run: few accounts of small volumes, so that thresholds are passed again and again.
struct Volumes {
    static let system = SystemCode(unchecked: "H26.motcua")

    let accounts: [(login: Login, perDay: Int64, kind: Policy.RegisteredAccount.Kind)]
    let services: [(service: ServiceName, office: Int64, off: Int64)]
    let observes: Bool

    init(_ chance: inout Chance, observes: Bool) {
        self.observes = observes
        accounts = (1...5).map { number in
            (
                Login(unchecked: "canbo\(number)"), chance.time(2...60),
                number == 5 ? .system : .person
            )
        }
        services = [
            (
                ServiceName(unchecked: "TraCuuThongTinCongDan"), chance.time(20...200),
                chance.time(5...60)
            ),
            (ServiceName(unchecked: "XacNhanThongTinHoGiaDinh"), chance.time(5...50), 0),
        ]
    }

    func policy(at time: Timestamp) -> Policy {
        Policy(
            system: Self.system, systemName: "Một cửa", unit: Self.system.unit, unitName: "Đơn vị",
            version: Version(generation: 1, counter: 1), issuedAt: time,
            mode: observes ? .observe : .enforce, contact: .same("C06"), calendar: .letter,
            rules: [:],
            accounts: accounts.map { .init(login: $0.login, perDay: $0.perDay, kind: $0.kind) },
            services: services.map {
                .init(service: $0.service, officePerDay: $0.office, offPerDay: $0.off)
            })
    }

    func isRegistered(_ key: Tally.Key) -> Bool {
        accounts.contains { $0.login.rawValue == key.login }
            && services.contains { $0.service.rawValue == key.service }
    }
}
