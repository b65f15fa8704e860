import CollectorStore
import Domain
import Platform

/// Deletes lists that are no longer in force: rows that imports ended, which are kept as long as the signed summaries
/// that were judged by them, and persons whom nothing names any more.
extension Retention {
    private static let personsMax = 2000

    func pruneRegistry(before time: Timestamp) throws {
        var ended = 0
        try steps(.registry) {
            let count = try $0.pruneEnded(before: time, countMax: Self.rowsMax)
            ended += count
            return count
        }
        var abandoned = 0
        try steps(.registry) {
            let count = try $0.pruneAbandoned(before: time, countMax: Self.rowsMax)
            abandoned += count
            return count
        }
        // Both deletions above, and imports that were broken off, can leave persons whom nothing names.
        let registrations = try store.read { try $0.registrationsLeft() }
        guard ended + abandoned > 0 || hasUnseenPersons(registrations) else { return }
        try prunePersons(before: time)
        didSeePersons(registrations)
    }

    private func prunePersons(before time: Timestamp) throws {
        var row: Int64 = -1
        while !isStopping {
            let start = MonotonicClock.milliseconds()
            guard
                let page = try store.read({ try $0.persons(after: row, countMax: Self.personsMax) })
            else { return }
            row = page.last
            let gone = try store.read { records in
                try page.unnamed.filter { try !records.isTold(ofPerson: $0, since: time) }
            }
            for first in stride(from: 0, to: gone.count, by: Self.rowsMax / 2) {
                let some = Array(gone[first..<min(first + Self.rowsMax / 2, gone.count)])
                let count = try store.write(as: .background) { try $0.forget(persons: some) }
                metrics.add("chot_collector_pruned_total", "what=\"persons\"", Int64(count))
                rest(since: start)
            }
            if gone.isEmpty { rest(since: start) }
        }
    }
}
