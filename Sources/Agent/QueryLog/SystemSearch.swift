import Domain
import Platform

/// The search of one system's log. An agent of several systems has one for each, with its own key.
struct SystemSearch {
    /// The system's code; empty when it is unknown, because the agent is no longer enrolled.
    let system: String
    let state: String

    var folder: QueryLogFolder { QueryLogFolder(state: state) }

    /// Hits that are held back until the search is logged.
    struct Found {
        let place: SystemSearch
        let filter: SearchFilter
        let spool: SearchSpool
        let outcome: QueryLogSearch.Outcome
    }

    /// `numbers` are those of the operator's file, which are hashed here with this log's key; nil means any subject.
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
