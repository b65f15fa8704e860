import Domain

/// What goes into one of the summaries that tell of an interval: at most 256 KiB each (design 07).
struct SummaryPart {
    var rows: [SummaryRow] = []
    var breaches: [Breach] = []
    var refusals: [LockRefusals] = []
    /// Lines with sketches; a summary tells them without.
    var features: [ArraySlice<UInt8>] = []

    /// `first`: the interval, in the part that tells what is told once.
    func put(into summary: inout Summary, first interval: Interval?) {
        summary.refusals = refusals
        summary.features = features.compactMap { AccountFeatures(line: $0)?.withoutSketches }
        summary.bypass = interval?.bypass
        summary.sketchHash = interval?.sketchHash
    }

    /// Which parts of their seal `count` summaries of an interval are.
    static func numbers(of interval: Interval, count: Int) -> [Summary.Part] {
        if let part = interval.part, count == 1 { return [part] }
        return (0..<count).map { .init(n: $0 + 1, of: count) }
    }

    /// Spreads an interval over as many summaries as its size needs; base64 adds a third to all.
    static func packed(_ interval: Interval) -> [SummaryPart] {
        var groups = [SummaryPart()]
        var bytes = 0
        func makeRoom(_ size: Int) {
            if bytes + size > 150_000 {
                groups.append(SummaryPart())
                bytes = 0
            }
            bytes += size
        }
        // An account's features go with its first row; those without a row, or of a second hour, last.
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
                160 + 40 * (row.denied.count + row.would.count)
                    + jsonBytes(row.login.rawValue) + jsonBytes(row.service.rawValue)
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

/// What a text takes in JSON: escapes make two bytes of one, or six.
private func jsonBytes(_ text: String) -> Int {
    text.utf8.reduce(0) { sum, byte in
        switch byte {
        case 0..<0x20: sum + 6
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): sum + 2
        default: sum + 1
        }
    }
}
