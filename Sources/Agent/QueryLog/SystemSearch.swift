import Domain
import Platform

/// The search of one system's log. An agent of several systems has one for each, with a key of its own.
struct SystemSearch {
    /// Its code; empty when nobody says (an agent that is not enrolled any more).
    let system: String
    let state: String

    var folder: QueryLogFolder { QueryLogFolder(state: state) }

    /// Hits that wait to be shown until the search is logged.
    struct Found {
        let place: SystemSearch
        let filter: SearchFilter
        let spool: SearchSpool
        let outcome: QueryLogSearch.Outcome
    }

    /// `numbers`: of the operator's file, hashed here with this log's key; nil: any subject.
    func run(
        _ filter: SearchFilter, _ numbers: [(line: Int, number: String)]?, limit: Int64,
        isStopped: () -> Bool, seen: (QueryLogLine) -> Void
    ) throws -> Found {
        if let problem = Files.problem(ofFolder: folder.path) { throw problem }
        var filter = filter
        var keyID: String?
        if let numbers {
            let key = try QueryLogKey.load(state)
            let digest = try key.makeDigest()
            keyID = key.id
            filter.subjects = Dictionary(
                numbers.map { (digest.subject($0.number), $0.line) }, uniquingKeysWith: min)
        }
        var spool = try SearchSpool(folder: folder.path)
        let outcome = try QueryLogSearch(
            folder: folder, filter: filter, keyID: keyID, limit: limit
        ).run(into: &spool, isStopped: isStopped, seen: seen)
        return Found(place: self, filter: filter, spool: spool, outcome: outcome)
    }
}
