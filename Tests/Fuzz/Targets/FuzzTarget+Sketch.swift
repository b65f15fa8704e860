import Domain

extension FuzzTarget {
    /// Sketches of a day as agents send them: one text for one meaning, and merging is safe.
    static let sketch = FuzzTarget(
        "sketch", words: ["chot-sketch-1 ", " 2026-11-24 ", "BAA", "AgA", "AEA", "CgA"],
        bytesMax: 8192
    ) { bytes in
        if let counter = DistinctCounter(text: bytes) {
            try promise(counter.text.utf8.elementsEqual(bytes), "a counter has two texts")
            var twice = counter
            twice.merge(counter)
            try promise(twice == counter, "a counter merged with itself is another")
            twice.insert(0x0123_4567_89AB_CDEF)
            try promise(
                DistinctCounter(text: twice.text.utf8) == twice, "a grown counter is refused")
        }
        guard let text = String(validating: bytes, as: UTF8.self),
            let sketch = SystemSketch(text: text)
        else { return }
        try promise(sketch.text.utf8.elementsEqual(bytes), "a sketch has two texts")
        var twice = sketch
        twice.merge(sketch)
        try promise(
            twice.subjects == sketch.subjects && twice.sources == sketch.sources,
            "sets merged with themselves are others")
        twice.note(subject: 1)
        twice.note(source: 1)
        try promise(SystemSketch(text: twice.text) == twice, "a grown sketch is refused")
        let shares = [
            sketch.subjects.estimate, sketch.subjects.intersection(twice.subjects),
            sketch.sources.estimate,
        ]
        // An empty share of all hashes holds infinitely many.
        try promise(shares.allSatisfy { !($0 < 0) }, "an estimate below nothing: \(shares)")
        _ = sketch.topSources.ranked
    }

    /// An account's features in a summary: groups of numbers in a line.
    static let features = FuzzTarget(
        "features",
        words: [
            ";", ",", ":", "*:", "%C3%A9", "498745,", " canbo1", "4294967295",
            "18446744073709551615",
            "ffffffffffffffff",
        ], bytesMax: 1024
    ) { bytes in
        guard let text = String(validating: bytes, as: UTF8.self),
            let features = AccountFeatures(text: text)
        else { return }
        try promise(
            AccountFeatures(text: features.text) == features, "written anew it reads otherwise")
        guard features.isPlausible else { return }
        var twice = features
        twice.merge(features)
        try promise(twice.allowed >= features.allowed, "merging takes away")
        try promise(AccountFeatures(text: twice.text) == twice, "merged features are refused")
        let gaps = twice.rhythm.gaps
        for value in [gaps.mean, gaps.coefficientOfVariation, gaps.logDeviation] {
            try promise(value.map { $0 >= 0 } ?? true, "a spread below nothing")
        }
    }
}
