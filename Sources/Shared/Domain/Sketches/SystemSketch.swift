/// What a system's agent saw on one calendar date: sets of subjects (allowed queries) and of sources (all attempts),
/// and the sources that sent most. It can be compared over units that used the same key of that day. It is
/// cumulative: a later one of the same date contains the former.
///
/// A summary signs the SHA-256 of `text`. The text is sent separately, lives 30 days at the centre and is never
/// exported.
public struct SystemSketch: Hashable, Sendable {
    public static let subjectsKept = 1024
    public static let sourcesKept = 512
    public static let topKept = 64
    /// The most bytes of `text`; the bound of `POST /v1/sketches` leaves room for it.
    public static let textBytesMax = 48 << 10

    public let date: CalendarDate
    public private(set) var subjects: KeyedMinimum
    public private(set) var sources: KeyedMinimum
    public private(set) var topSources: TopSources

    public init(date: CalendarDate) {
        self.date = date
        subjects = KeyedMinimum(k: Self.subjectsKept)
        sources = KeyedMinimum(k: Self.sourcesKept)
        topSources = TopSources(k: Self.topKept)
    }

    public var isEmpty: Bool { subjects.isEmpty && sources.isEmpty }

    public mutating func note(subject hash: UInt64) { subjects.insert(hash) }

    public mutating func note(source hash: UInt64) {
        sources.insert(hash)
        topSources.add(hash)
    }

    /// Merges the sketch of another agent of the system, or of the time before a restart, for the same date.
    public mutating func merge(_ other: SystemSketch) {
        precondition(date == other.date, "sketches of different days")
        subjects.merge(other.subjects)
        sources.merge(other.sources)
        topSources.merge(other.topSources)
    }

    // MARK: text

    private static let mark = "chot-sketch-1"

    /// `chot-sketch-1 DATE SUBJECTS SOURCES TOP`, divided by spaces.
    public var text: String {
        "\(Self.mark) \(date) \(subjects.text) \(sources.text) \(topSources.text)"
    }

    public init?(text: String) {
        guard text.utf8.count <= Self.textBytesMax else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].elementsEqual(Self.mark.utf8),
            let date = CalendarDate(String(decoding: parts[1], as: UTF8.self)),
            let subjects = KeyedMinimum(text: parts[2]), let sources = KeyedMinimum(text: parts[3]),
            let top = TopSources(text: parts[4])
        else { return nil }
        self.date = date
        self.subjects = subjects
        self.sources = sources
        topSources = top
    }
}
