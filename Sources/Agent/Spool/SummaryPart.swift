import Domain

/// The content of one of the summaries that tell of an interval, at most 256 KiB each (docs/wire-format.md#push).
struct SummaryPart {
    var rows: [SummaryRow] = []
    var breaches: [Breach] = []
    var refusals: [LockRefusals] = []
    /// Lines with sketches; a summary tells them without.
    var features: [ArraySlice<UInt8>] = []
    /// At most the bytes of this content as JSON; the rest of a part takes up to 600 more.
    var bytes = 0

    /// At most the bytes of the compact JWS.
    var signedBytesMax: Int { (bytes + 600) * 4 / 3 + 300 }

    /// `first` is the interval, for the part that tells what is told once.
    func put(into summary: inout Summary, first interval: Interval?) {
        summary.refusals = refusals
        summary.features = features.compactMap { AccountFeatures(line: $0)?.withoutSketches }
        summary.bypass = interval?.bypass
        summary.sketchHash = interval?.sketchHash
    }

    /// The parts of their seal that `count` summaries of an interval are.
    static func numbers(of interval: Interval, count: Int) -> [Summary.Part] {
        if let part = interval.part, count == 1 { return [part] }
        return (0..<count).map { .init(n: $0 + 1, of: count) }
    }

    private static func bytes(_ row: SummaryRow) -> Int {
        var bytes = 160 + row.login.rawValue.jsonBytes + row.service.rawValue.jsonBytes
        for counts in [row.denied, row.would] {
            for reason in counts.keys { bytes += 30 + reason.utf8.count }
        }
        return bytes
    }

    private static func bytesOnce(_ interval: Interval) -> Int {
        let kinds = interval.dropped.keys.reduce(0) { $0 + 30 + $1.utf8.count }
        let note = interval.bypass.map { 150 + $0.reason.jsonBytes + $0.by.jsonBytes } ?? 0
        return kinds + note
    }

    /// Spreads an interval over as many summaries as its size needs; base64 adds a third.
    static func packed(_ interval: Interval) -> [SummaryPart] {
        var groups = [SummaryPart()]
        // The first part also holds what is told once.
        groups[0].bytes = bytesOnce(interval)
        func makeRoom(_ size: Int) {
            if groups[groups.count - 1].bytes + size > 150_000 { groups.append(SummaryPart()) }
            groups[groups.count - 1].bytes += size
        }
        // An account's features go with its first row; those without a row, or of a second hour, go last.
        let features = interval.features.lines
        var places: [Login: Int] = [:]
        for (place, line) in features.enumerated() {
            let login = FeatureLine(line).login
            if places[login] == nil { places[login] = place }
        }
        var isTaken = [Bool](repeating: false, count: features.count)
        for row in interval.rows {
            let place = places.removeValue(forKey: row.login)
            makeRoom(
                Self.bytes(row)
                    + (place.map { FeatureLine(features[$0]).bytesMax } ?? 0))
            groups[groups.count - 1].rows.append(row)
            if let place {
                groups[groups.count - 1].features.append(features[place])
                isTaken[place] = true
            }
        }
        for (one, isTaken) in zip(features, isTaken) where !isTaken {
            makeRoom(FeatureLine(one).bytesMax)
            groups[groups.count - 1].features.append(one)
        }
        for breach in interval.breaches {
            makeRoom(200 + 6 * breach.scope.description.utf8.count)
            groups[groups.count - 1].breaches.append(breach)
        }
        for refusal in interval.refusals {
            makeRoom(120 + 6 * refusal.lock.utf8.count)
            groups[groups.count - 1].refusals.append(refusal)
        }
        return groups
    }
}
