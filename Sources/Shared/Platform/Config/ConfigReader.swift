/// Reads a configuration object key by key. Every problem is collected, so that all are told at once; a key
/// nobody asked for is unknown and refused. One thread at a time.
public final class ConfigReader {
    private let file: String
    private let path: String
    private let object: [String: JSONValue]
    private var known: Set<String> = []
    private var children: [ConfigReader] = []
    private var named: [String: ConfigReader] = [:]
    private let complaints: Complaints

    private final class Complaints {
        var problems: [ConfigProblem] = []
    }

    public convenience init(_ value: JSONValue, file: String) {
        self.init(value, file: file, path: "", complaints: Complaints())
    }

    private init(_ value: JSONValue, file: String, path: String, complaints: Complaints) {
        self.file = file
        self.path = path
        self.complaints = complaints
        if case .object(let object) = value {
            self.object = object
        } else {
            object = [:]
            if value != .null { complain("", "is \(value.shownShort); must be an object: { … }") }
        }
    }

    public var keys: [String] { object.keys.sorted() }

    public func has(_ key: String) -> Bool { value(key) != nil }

    /// Whether the value is a list, for keys that take one value or several.
    public func isList(_ key: String) -> Bool {
        if case .array = value(key) { return true }
        return false
    }

    public func problem(_ key: String, _ message: String) {
        complain(key, "is \((object[key] ?? .null).shownShort); \(message)")
    }

    /// As `problem`, of a value that may hold a secret: it is not shown.
    public func secretProblem(_ key: String, _ message: String) {
        complain(key, "is <redacted>; \(message)")
    }

    /// A nested object, the same however often it is asked for; an absent one is empty.
    public func child(_ key: String) -> ConfigReader {
        if let child = named[key] { return child }
        let child = ConfigReader(
            value(key) ?? .null, file: file, path: join(key), complaints: complaints)
        children.append(child)
        named[key] = child
        return child
    }

    /// The objects of a list, each with its place in key paths: `sites[0].listen`. An absent list is empty.
    public func children(_ key: String) -> [ConfigReader] {
        guard let value = value(key), value != .null else { return [] }
        guard case .array(let values) = value else {
            problem(key, "must be a list of objects: [{ … }]")
            return []
        }
        let list = values.enumerated().map { index, value in
            let place = "\(key)[\(index)]"
            if value == .null { complain(place, "is null; must be an object: { … }") }
            return ConfigReader(value, file: file, path: join(place), complaints: complaints)
        }
        children += list
        return list
    }

    public func string(_ key: String) -> String? {
        switch value(key) {
        case nil, .null: return nil
        case .string(let text): return text
        default:
            problem(key, "must be a string")
            return nil
        }
    }

    /// A string, or a whole number as its digits.
    public func text(_ key: String) -> String? {
        if case .integer(let number) = value(key) { return String(number) }
        return string(key)
    }

    public func required(_ key: String) -> String {
        if let text = string(key) {
            if text.isEmpty { problem(key, "must not be empty") }
            return text
        }
        if (object[key] ?? .null) == .null { complain(key, "is missing; it must be given") }
        return ""
    }

    public func strings(_ key: String) -> [String]? {
        guard let value = value(key), value != .null else { return nil }
        guard case .array(let values) = value else {
            problem(key, "must be a list of strings")
            return nil
        }
        return values.compactMap {
            if case .string(let text) = $0 { return text }
            complain(key, "holds \($0.shownShort); must be a list of strings")
            return nil
        }
    }

    /// One string or a list of strings; nil, and told, when there is neither.
    public func oneOrMore(_ key: String) -> [String]? {
        if case .array = value(key) { return strings(key) }
        let text = required(key)
        return text.isEmpty ? nil : [text]
    }

    public func bool(_ key: String, default standard: Bool) -> Bool {
        switch value(key) {
        case nil, .null: return standard
        case .bool(let value): return value
        default:
            problem(key, "must be true or false")
            return standard
        }
    }

    public func integer(_ key: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
        switch value(key) {
        case nil, .null: return standard
        case .integer(let value) where range.contains(Int(value)): return Int(value)
        default:
            problem(key, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return standard
        }
    }

    /// A list of whole numbers; nil when the key is absent.
    public func integers(_ key: String, in range: ClosedRange<Int>, countMax: Int) -> [Int]? {
        let isGiven = value(key).map { $0 != .null } ?? false
        guard isGiven else { return nil }
        let rule =
            "must be a list of at most \(countMax) whole numbers from \(range.lowerBound) to \(range.upperBound)"
        guard case .array(let values) = value(key), values.count <= countMax else {
            problem(key, rule)
            return nil
        }
        return values.compactMap {
            if case .integer(let number) = $0, range.contains(Int(number)) { return Int(number) }
            complain(key, "holds \($0.shownShort); \(rule)")
            return nil
        }
    }

    public func oneOf<T: RawRepresentable<String> & CaseIterable>(
        _ key: String, default standard: T
    ) -> T {
        guard let text = string(key) else { return standard }
        if let value = T(rawValue: text) { return value }
        problem(key, "must be one of " + T.allCases.map(\.rawValue).joined(separator: ", "))
        return standard
    }

    /// A span like `500ms`, `60s`, `5m`, `24h`, `30d`, in milliseconds.
    public func milliseconds(_ key: String, in range: ClosedRange<Int64>, default standard: Int64)
        -> Int64
    {
        guard let text = string(key) else { return standard }
        guard let value = parseSpan(text), range.contains(value) else {
            problem(
                key,
                "must be between \(spanText(range.lowerBound)) and \(spanText(range.upperBound))")
            return standard
        }
        return value
    }

    /// A size like `256KiB`, `4MiB`, in bytes.
    public func bytes(_ key: String, in range: ClosedRange<Int>, default standard: Int) -> Int {
        guard let text = string(key) else { return standard }
        for (unit, factor) in [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)]
        where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.count)
            if digits.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int(digits),
                count <= Int.max / factor,
                range.contains(count * factor)
            {
                return count * factor
            }
        }
        problem(
            key, "must be a size like 256KiB from \(range.lowerBound) to \(range.upperBound) bytes")
        return standard
    }

    /// Throws all problems, unknown keys among them. Call on the root, once everything was read.
    public func finish() throws(ConfigProblems) {
        reportUnknown()
        guard complaints.problems.isEmpty else { throw ConfigProblems(complaints.problems) }
    }

    private func reportUnknown() {
        for key in keys where !known.contains(key) {
            let near = nearest(key, in: known).map { "; did you mean \($0)?" } ?? ""
            complain(key, "is unknown\(near)")
        }
        for child in children { child.reportUnknown() }
    }

    private func value(_ key: String) -> JSONValue? {
        known.insert(key)
        return object[key]
    }

    private func join(_ key: String) -> String {
        key.isEmpty ? path : path.isEmpty ? key : "\(path).\(key)"
    }

    private func complain(_ key: String, _ message: String) {
        // A value that is quoted ends no line.
        complaints.problems.append(
            ConfigProblem(file: file, keyPath: join(key), message: ShownText.line(message)))
    }
}

/// Ten years: no span of ours is longer, and times with it added stay in range.
private let spanMax: Int64 = 315_576_000_000

/// Milliseconds of `60s`, `500ms`, `5m`, `24h`, `30d`; nil when it is none.
public func parseSpan(_ text: String) -> Int64? {
    let units: [(String, Int64)] = [
        ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
    ]
    for (unit, factor) in units where text.hasSuffix(unit) {
        let digits = text.dropLast(unit.count)
        guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let count = Int64(digits),
            count <= spanMax / factor
        else { continue }
        return count * factor
    }
    return nil
}

/// The shortest way to write a span.
public func spanText(_ milliseconds: Int64) -> String {
    for (unit, factor) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)]
        as [(String, Int64)]
    where milliseconds >= factor && milliseconds % factor == 0 {
        return "\(milliseconds / factor)\(unit)"
    }
    return "\(milliseconds)ms"
}

/// The name of the set that was probably meant, by edit distance.
public func nearest(_ name: String, in names: some Collection<String>) -> String? {
    func distance(_ a: [Character], _ b: [Character]) -> Int {
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var previous = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let change = previous + (x == y ? 0 : 1)
                previous = row[j + 1]
                row[j + 1] = min(change, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[b.count]
    }
    let scored = names.map { ($0, distance(Array(name.lowercased()), Array($0.lowercased()))) }
    guard let best = scored.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }),
        best.1 <= max(2, name.count / 3)
    else { return nil }
    return best.0
}
