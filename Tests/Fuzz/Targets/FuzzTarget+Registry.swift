import Domain
import Platform
@testable import CollectorBackups
@testable import CollectorIntake
@testable import CollectorRegistry
@testable import CollectorStore
@testable import CollectorValues

extension FuzzTarget {
    /// Registry files, into a database in memory that forgets them. The first byte chooses the kind.
    static let registry = FuzzTarget(
        "registry",
        words: [
            "system,login,full_name,cccd,officer_code,phone,per_day,kind",
            "code,name,kind,province_code",
            "code,unit,name,contact,phone,email",
            "system,service,office_per_day,off_per_day,purpose",
            "system,service,from,to,hours,per_day,contact,status,number,plan", "H26.motcua", "H26",
            "province", "accepted", "2026-11-24", "20-23", "22-23,0-5", "\"\"", "\";\"", "\r\n",
            "\u{FEFF}",
            "TraCuu", "000000000001", "NGUYENVANMAU", "số cccd", "TT", ";", "person",
        ]
    ) { bytes in
        guard let first = bytes.first,
            let text = String(validating: bytes.dropFirst(), as: UTF8.self)
        else { return }
        let kind = RegistryKind.allCases[Int(first) % RegistryKind.allCases.count]
        guard let csv = try? CSV(text) else { return }
        try promiseRewritten(csv)
        do {
            try store.get().write { records in
                guard let outcome = try? imported(records, kind, text) else { throw Forget() }
                try promise(outcome.rows == csv.rows.count, "\(outcome.rows) rows imported")
                try promise(
                    outcome.added + outcome.changed + outcome.unchanged == outcome.rows,
                    "a row is neither new nor known")
                guard let again = try? imported(records, kind, text) else {
                    throw BrokenPromise(description: "refused the second time")
                }
                try promise(
                    again.added == 0 && again.changed == 0, "the second time changes \(again)")
                throw Forget()
            }
        } catch is Forget {}
    }

    private struct Forget: Error {}

    private static func imported(_ records: Records, _ kind: RegistryKind, _ text: String) throws
        -> RegistryImport.Outcome
    {
        try RegistryImport(records: records, replaces: false).run(kind, file: "a.csv", text: text)
    }

    private static func promiseRewritten(_ csv: CSV) throws {
        func line(_ cells: [String]) -> String {
            cells.map { "\"" + $0.replacing("\"", with: "\"\"") + "\"" }.joined(separator: ",")
        }
        let text = ([csv.header] + csv.rows.map(\.cells)).map(line).joined(separator: "\r\n")
        // A comma of the header, quoted, must not hide that the file is separated by commas.
        let again = try CSV(text + "\r\n")
        try promise(again.header == csv.header, "the header reads otherwise")
        try promise(again.rows.map(\.cells) == csv.rows.map(\.cells), "cells read otherwise")
    }

    private static let store = Result {
        let store = try SQLiteStore(path: ":memory:")
        try store.write { records in
            _ = try imported(records, .units, "code,name,kind\nH26,So mau,province\n")
            _ = try imported(
                records, .systems,
                "code,unit,name\nH26.motcua,H26,Mot cua\nH26.tracuu,H26,Tra cuu\n")
        }
        return store
    }
}
