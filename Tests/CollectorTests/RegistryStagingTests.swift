import Domain
import Foundation
import Platform
import Synchronization
import Testing
import Wire
@testable import Collector
@testable import CollectorBackups
@testable import CollectorDetection
@testable import CollectorEvidence
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorRetention
@testable import CollectorStaff
@testable import CollectorStore
@testable import CollectorValues

/// Refuses the Nth statement and all after it.
private final class Cut: StorageFaults {
    private let left: Mutex<Int>
    init(after statements: Int) { left = Mutex(statements) }

    var wasReached: Bool { left.withLock { $0 < 0 } }

    func refusal(of step: StorageStep, _ path: String) -> Int32 {
        guard case .statement = step else { return 0 }
        return left.withLock { left in
            left -= 1
            return left < 0 ? ENOSPC : 0
        }
    }
}

@Suite("RegistryStaging") struct RegistryStagingTests {
    private static let head = "system,login,full_name,cccd,per_day\n"

    private static func accounts(_ range: Range<Int>, perDay: Int = 40) -> String {
        head
            + range.map {
                "H26.motcua,canbo\($0),NGUYENVANMAU,0000\(String(10_000_000 + $0)),\(perDay)\n"
            }.joined()
    }

    private static func withStore(_ body: (SQLiteStore, String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "/chot-registry-\(UUID().uuidString)"
        try Files.makeFolder(folder, mode: 0o700)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/collector.db"
        let store = try SQLiteStore(path: path)
        try run(store, .units, "code,name,kind\nH26,Hà Nội,city\nH29,X,city\n")
        try run(
            store, .systems,
            "code,unit,name\nH26.motcua,H26,Một cửa\nH26.khac,H26,Khác\nH29.mot,H29,Y\n")
        try body(store, path)
    }

    private static func plan(
        _ store: SQLiteStore, _ kind: RegistryKind, _ text: String, replaces: Bool = false
    ) throws -> RegistryPlan {
        let source = try RegistrySource(file: "\(kind).csv", text: text)
        return try store.read {
            try RegistryPlanner(records: $0, replaces: replaces).plan(
                kind, source, known: RegisteredPlaces($0))
        }
    }

    @discardableResult
    private static func run(
        _ store: SQLiteStore, _ kind: RegistryKind, _ text: String, replaces: Bool = false
    ) throws -> RegistryPlan {
        let plan = try plan(store, kind, text, replaces: replaces)
        try RegistryStaging(store: store, who: "test").apply(plan)
        return plan
    }

    private static func logins(_ store: SQLiteStore) throws -> [String] {
        try store.read {
            try $0.listing(Registered.account, columns: ["login", "per_day"]).map {
                $0.joined(separator: " ")
            }
        }
    }

    @Test("rows are written in short steps and are in force at one moment")
    func steps() throws {
        try Self.withStore { store, _ in
            try Self.run(store, .accounts, Self.accounts(0..<3))
            let plan = try Self.plan(
                store, .accounts, Self.accounts(1..<1203, perDay: 50), replaces: true)
            #expect(plan.outcome == .init(rows: 1202, added: 1200, changed: 2, removed: 1))
            let number = try store.write { try $0.beginRegistration(plan, by: "x", at: .now) }
            for change in plan.changes {
                try store.write { try $0.stage(change, .accounts, number) }
            }
            #expect(try Self.logins(store) == ["canbo0 40", "canbo1 40", "canbo2 40"])
            try store.write { try $0.makeCurrent(number, touching: plan.places, at: .now) }
            #expect(try Self.logins(store).count == 1202)
            #expect(try Self.logins(store).contains("canbo1 50"))
            // What it ended is still there, with its number.
            let ended = try store.read {
                try $0.db.rows(
                    "SELECT login FROM registered_account WHERE ended = ? ORDER BY login",
                    .integer(number)
                ) { $0.text(0) }
            }
            #expect(ended == ["canbo0", "canbo1", "canbo2"])
            #expect(
                try Self.run(store, .accounts, Self.accounts(1..<1203, perDay: 50)).changes.isEmpty)
        }
    }

    @Test("a failure at any statement leaves the former list, and the next start clears the rest")
    func cut() throws {
        try Self.withStore { store, path in
            try Self.run(store, .accounts, Self.accounts(0..<3))
            let former = try Self.logins(store)
            let plan = try Self.plan(
                store, .accounts, Self.accounts(2..<6, perDay: 7), replaces: true)
            var statements = 0
            while true {
                let cut = Cut(after: statements)
                let isDone = StorageSeam.withFaults(cut) {
                    (try? RegistryStaging(store: store, who: "test").apply(plan)) != nil
                }
                if isDone { break }
                #expect(cut.wasReached)
                #expect(try Self.logins(store) == former)
                let next = try SQLiteStore(path: path)
                try RegistryStaging.clear(next)
                let left = try next.read {
                    try $0.db.first(
                        """
                        SELECT (SELECT COUNT(*) FROM registered_account WHERE since > (SELECT value FROM state WHERE name = 'registration'))
                        + (SELECT COUNT(*) FROM registration WHERE state = 'staged')
                        """
                    ) { $0.integer(0) }
                }
                #expect(left == 0)
                #expect(try Self.logins(next) == former)
                statements += 1
            }
            #expect(statements > 20)
            #expect(try Self.logins(store) == ["canbo2 7", "canbo3 7", "canbo4 7", "canbo5 7"])
        }
    }

    @Test("a plan of before another import is refused")
    func moved() throws {
        try Self.withStore { store, _ in
            let late = try Self.plan(store, .accounts, Self.accounts(0..<3))
            try Self.run(store, .accounts, Self.accounts(3..<5))
            #expect(throws: RegistryStaging.Moved.self) {
                try RegistryStaging(store: store, who: "test").apply(late)
            }
            #expect(try Self.logins(store).count == 2)
        }
    }

    @Test("more than a tenth of a list goes only when it is asked, with the number and the names")
    func removal() throws {
        try Self.withStore { store, _ in
            try Self.run(store, .accounts, Self.accounts(0..<100))
            let few = try Self.plan(store, .accounts, Self.accounts(10..<100), replaces: true)
            #expect(few.question == nil)
            #expect(few.note?.en.contains("H26.motcua: 10 of 100 accounts (canbo0, canbo1") == true)
            let many = try Self.plan(store, .accounts, Self.accounts(11..<100), replaces: true)
            #expect(many.asked == 11)
            #expect(many.question?.en.contains("--confirm 11") == true)
            #expect(many.question?.vi.contains("--confirm 11") == true)
        }
    }

    @Test("the audit log tells old and new numbers and who went, and no name or number of a person")
    func audit() throws {
        try Self.withStore { store, _ in
            try Self.run(store, .accounts, Self.accounts(0..<60))
            try Self.run(
                store, .accounts, Self.accounts(30..<60, perDay: 50), replaces: true)
            let entry = try #require(
                try store.read { try $0.auditLog().last { $0.action == "registry.import" } })
            #expect(entry.reason.contains("+0 ~30 -30"))
            #expect(entry.reason.contains("per_day 40→50"))
            #expect(entry.reason.contains("… 60 rows"))
            #expect(!entry.reason.contains("NGUYENVANMAU") && !entry.reason.contains("000010000"))
            #expect(entry.reason.utf8.count < 8192)
        }
    }

    @Test(
        "names that look like a registered one, or like one of the same file, are asked",
        arguments: [["CANBO1"], ["hà", "ha\u{300}"], ["csv19", "CSV19"]])
    func twins(_ names: [String]) throws {
        try Self.withStore { store, _ in
            try Self.run(store, .accounts, Self.accounts(0..<3))
            let rows = names.enumerated().map {
                "H26.motcua,\($0.element),NGUYENVANMAU,00009000000\($0.offset),1\n"
            }.joined()
            let plan = try Self.plan(store, .accounts, Self.head + rows)
            #expect(plan.asked == 1)
            #expect(plan.outcome.added == names.count)
        }
    }

    @Test("a service that nobody knows is asked, and the nearest one is named")
    func services() throws {
        try Self.withStore { store, _ in
            let head = "system,service,office_per_day,off_per_day\n"
            let plan = try Self.plan(
                store, .services,
                head
                    + "H26.motcua,Tra cứu thông tin công dân,9,1\nH26.motcua,XacThucThongTinCongDan,9,1\n"
            )
            #expect(plan.asked == 1)
            #expect(plan.question?.en.contains("did you mean TraCuuThongTinCongDan?") == true)
            let near = try Self.plan(
                store, .services, head + "H26.motcua,tracuuthongtincongdan,9,1\n")
            #expect(near.question?.en.contains("did you mean TraCuuThongTinCongDan?") == true)
        }
    }

    @Test("units and systems are removed by --replace, or it is said why not")
    func places() throws {
        try Self.withStore { store, _ in
            try Self.run(store, .accounts, Self.accounts(0..<1))
            let refused = #expect(throws: CommandFailure.self) {
                try Self.plan(store, .units, "code,name,kind\nH26,Hà Nội,city\n", replaces: true)
            }
            #expect(refused?.description.contains("H29 is not in it and cannot be removed") == true)
            let kept = #expect(throws: CommandFailure.self) {
                try Self.plan(
                    store, .systems, "code,unit,name\nH26.khac,H26,Khác\n", replaces: true)
            }
            #expect(kept?.description.contains("H26.motcua is not in it") == true)
            let plan = try Self.run(
                store, .systems, "code,unit,name\nH26.motcua,H26,Một cửa\n", replaces: true)
            #expect(plan.outcome.removed == 1 && plan.asked == 1)
            #expect(
                try store.read { try $0.systems().map(\.code.rawValue) } == [
                    "H26.motcua", "H29.mot",
                ])
        }
    }

    @Test(
        "the size of a policy that is worked out is that of the one that is signed, or a little more"
    )
    func sizes() throws {
        let nation = try Nation(systems: 1)
        let list = (0..<300).map {
            "H10.mot,cán \"bộ\" \\\($0)/x,NGUYENVANMAU,00001000\(1000 + $0),\($0 * 37)\n"
        }
        let text =
            Self.head
            + list.map { $0.replacing("cán \"bộ\"", with: "\"cán \"\"bộ\"\"") }
            .map { $0.replacing("/x,", with: "/x\",") }.joined()
        _ = try RegistryImport(records: nation.records, replaces: false).run(
            .accounts, file: "a.csv", text: text)
        let system = try #require(try nation.records.system(nation.system(0)))
        let policy = try nation.records.policyContent(system, nation.config, at: nation.now)
        let signed = try JWS.sign(policy, typ: Policy.typ, with: nation.key).utf8.count
        let size = try PolicySizes(nation.records, nation.config, nation.now).size(of: system.code)
        #expect(size >= signed && size < signed + 4096)
        let failure = #expect(throws: CommandFailure.self) {
            try PolicySizes(nation.records, nation.config, nation.now).check(
                system.code, growth: Limits.policyBytesMax)
        }
        #expect(failure?.description.contains("H10.mot") == true)
        #expect(failure?.description.contains(String(Limits.policyBytesMax)) == true)
    }
}
