import Platform

/// Counts lines that could not be read, by reason, and keeps a few of them to look at. One thread at a time.
struct BadLines: Sendable {
    /// A bad line as it may be shown: cut, with control characters escaped and long numbers masked.
    struct Sample: Codable, Hashable, Sendable {
        let why: String
        let text: String
    }

    static let samplesMax = 5
    static let samplesOfOneFaultMax = 2
    static let sampleBytesMax = 160

    private(set) var count: Int64 = 0
    private(set) var samples: [Sample] = []
    private var sampled: [LineFault: Int] = [:]

    mutating func note(
        _ fault: LineFault, _ line: UnsafeRawBufferPointer, _ format: LogFormat
    ) {
        count += 1
        guard samples.count < Self.samplesMax,
            sampled[fault, default: 0] < Self.samplesOfOneFaultMax
        else { return }
        sampled[fault, default: 0] += 1
        samples.append(Sample(why: fault.description(format), text: Self.masked(line)))
    }

    /// Masks every number of 9 digits or more, which could be a subject's, and any that the cut made shorter.
    static func masked(_ line: UnsafeRawBufferPointer) -> String {
        let cut = line.prefix(sampleBytesMax)
        var result: [UInt8] = []
        var index = cut.startIndex
        while index < cut.endIndex {
            var stop = index
            while stop < cut.endIndex, (48...57).contains(cut[stop]) { stop += 1 }
            if stop > index {
                let isCut = stop == cut.endIndex && cut.count < line.count
                result +=
                    stop - index >= 9 || isCut ? [UInt8]("…".utf8) : [UInt8](cut[index..<stop])
                index = stop
            } else {
                result.append(cut[index])
                index += 1
            }
        }
        let text = Log.escaped(ByteText.text(result))
        return cut.count < line.count ? text + "…" : text
    }
}
