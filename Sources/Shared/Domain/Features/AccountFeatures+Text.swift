// Each account is one line (docs/wire-format.md, "Features"): groups of numbers divided by `;`, a space, and the login
// to the end. A string costs JSON a tenth of what two dozen numbers cost, and there are as many lines as accounts.

extension AccountFeatures: Codable {
    /// A longer line is not read.
    static let lineBytesMax = 16 << 10

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let features = AccountFeatures(text: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "no features of an account")
        }
        self = features
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    public var text: String {
        var writer = FeatureWriter()
        writer.put(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    public init?(text: String) { self.init(line: Array(text.utf8)[...]) }

    /// Reads a line; nil when it is malformed. Further groups, which a later version may add, are ignored.
    public init?(line: ArraySlice<UInt8>) {
        var reader = FeatureReader(line)
        guard line.count <= Self.lineBytesMax,
            let head = reader.group(5...5), let gaps = reader.group(5...5, orEmpty: true),
            let peaks = reader.group(6...6), let minutes = reader.hexadecimal(),
            let births = reader.group(3...3, orEmpty: true),
            let runs = reader.group(2...2, orEmpty: true), let distinct = reader.group(4...4),
            let units = reader.field().flatMap(ServiceUnitCounts.init(text:)),
            head[0] < 1 << 24, let rhythm = Rhythm(head, gaps, peaks, minutes),
            let allowed = UInt32(exactly: head[4]), let subjects = SubjectTally(births, runs),
            let told = DistinctCounts(distinct)
        else { return nil }
        var sketches: AccountSketches?
        if let field = reader.field(), !field.isEmpty {
            guard let read = AccountSketches(text: field) else { return nil }
            sketches = read
        }
        guard let login = reader.rest(bytesMax: 256) else { return nil }
        self.init(
            login: Login(unchecked: login),
            hour: Timestamp(milliseconds: Int64(head[0]) * Timestamp.millisecondsPerHour),
            rhythm: rhythm, allowed: allowed, subjects: subjects, serviceUnits: units,
            sketches: sketches, told: told)
    }
}

extension Rhythm {
    fileprivate init?(_ head: [UInt64], _ gaps: [UInt64], _ peaks: [UInt64], _ minutes: UInt64) {
        guard let head = narrowed(head[1...3]), let peaks = narrowed(peaks[...]) else { return nil }
        self.init(at: head[0])
        (first, last, attempts) = (head[0], head[1], head[2])
        perSecond = Peak(most: peaks[0], first: peaks[1], last: peaks[2])
        perMinute = Peak(most: peaks[3], first: peaks[4], last: peaks[5])
        self.minutes = minutes
        guard !gaps.isEmpty else { return }
        // An account without gaps has an empty group.
        guard gaps[0] > 0, let narrow = narrowed([gaps[0], gaps[1], gaps[3]][...]) else {
            return nil
        }
        (self.gaps.count, self.gaps.sum, self.gaps.logs) = (narrow[0], narrow[1], narrow[2])
        (self.gaps.squares, self.gaps.logSquares) = (gaps[2], gaps[4])
    }
}

extension SubjectTally {
    fileprivate init?(_ births: [UInt64], _ runs: [UInt64]) {
        guard let births = narrowed(births[...]), let runs = narrowed(runs[...]) else { return nil }
        if !births.isEmpty { (home, elsewhere, unplaced) = (births[0], births[1], births[2]) }
        guard runs.isEmpty || runs[0] > 0 else { return nil }
        if !runs.isEmpty { (longestRun, inRuns) = (runs[0], runs[1]) }
    }
}

extension DistinctCounts {
    fileprivate init?(_ numbers: [UInt64]) {
        guard let numbers = narrowed(numbers[...]) else { return nil }
        self.init(
            subjects: numbers[0], officers: numbers[1], sources: numbers[2], topSource: numbers[3])
    }
}

extension AccountSketches {
    fileprivate init?(text: ArraySlice<UInt8>) {
        let parts = text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard parts.count == 4, let subjects = DistinctCounter(text: parts[0]),
            let officers = DistinctCounter(text: parts[1]),
            let sources = DistinctCounter(text: parts[2]), let top = TopSources(text: parts[3]),
            [subjects, officers, sources].allSatisfy({ $0.precision == Self.precision }),
            top.k == Self.sourcesKept
        else { return nil }
        self.init()
        self.subjects = subjects
        self.officers = officers
        self.sources = sources
        topSources = top
    }
}

/// The numbers in 32 bits; nil when one does not fit.
private func narrowed(_ numbers: ArraySlice<UInt64>) -> [UInt32]? {
    guard numbers.allSatisfy({ $0 <= UInt64(UInt32.max) }) else { return nil }
    return numbers.map { UInt32($0) }
}
