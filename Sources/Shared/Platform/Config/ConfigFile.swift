import FoundationEssentials

/// What is wrong in a configuration: file, key, value, and the way out.
public struct ConfigProblem: Sendable, Hashable, CustomStringConvertible {
    public let file: String
    public let keyPath: String
    public let message: String

    public init(file: String, keyPath: String, message: String) {
        self.file = file
        self.keyPath = keyPath
        self.message = message
    }

    public var description: String {
        keyPath.isEmpty ? "\(file): \(message)" : "\(file): \(keyPath) \(message)"
    }
}

/// All problems of a configuration at once.
public struct ConfigProblems: Error, CustomStringConvertible, Sendable {
    public let problems: [ConfigProblem]
    /// Whether the file does not exist at all.
    public let isMissing: Bool

    public init(_ problems: [ConfigProblem], isMissing: Bool = false) {
        self.problems = problems
        self.isMissing = isMissing
    }

    public var description: String { problems.map(\.description).joined(separator: "\n") }
}

/// Reads a JSON5 configuration: FILE, then `FILE.d/*.json5` merged over it in name order.
public enum ConfigFile {
    public static func load(_ path: String) throws(ConfigProblems) -> ConfigReader {
        var value = try read(path)
        // An unreadable folder may hold a stricter setting, so it must not be ignored.
        if let error = Files.problem(ofFolder: path + ".d") {
            throw ConfigProblems([
                ConfigProblem(file: path + ".d", keyPath: "", message: error.description)
            ])
        }
        for name in Files.list(path + ".d") where name.hasSuffix(".json5") {
            value = value.merged(with: try read("\(path).d/\(name)"))
        }
        return ConfigReader(value, file: path.split(separator: "/").last.map(String.init) ?? path)
    }

    /// Reads a file that is already in memory; `name` serves only to say what is wrong.
    public static func reader(of bytes: [UInt8], name: String) throws(ConfigProblems)
        -> ConfigReader
    {
        ConfigReader(try parse(bytes, path: name), file: name)
    }

    private static func read(_ path: String) throws(ConfigProblems) -> JSONValue {
        let bytes: [UInt8]
        do {
            bytes = try Files.read(path)
        } catch {
            throw ConfigProblems(
                [ConfigProblem(file: path, keyPath: "", message: error.description)],
                isMissing: error.isMissing)
        }
        return try parse(bytes, path: path)
    }

    /// `path` serves only to say what is wrong.
    static func parse(_ bytes: [UInt8], path: String) throws(ConfigProblems) -> JSONValue {
        // Foundation's JSON5 scanner traps on a character that is cut short.
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw ConfigProblems([
                ConfigProblem(file: path, keyPath: "", message: "is not UTF-8 text")
            ])
        }
        let place = SyntaxErrorPlace.find(bytes)
        func refused() -> ConfigProblems {
            let message =
                place.map { "line \($0.line): \($0.what)" }
                ?? "is not JSON5: look for a missing or extra comma, quote or bracket"
            return ConfigProblems([ConfigProblem(file: path, keyPath: "", message: message)])
        }
        if place?.isNumber == true { throw refused() }
        let decoder = JSONDecoder()
        decoder.allowsJSON5 = true
        let value: JSONValue
        do {
            // The scanner reads past the end when a number ends the file (fuzzing), so a line feed is added.
            value = try decoder.decode(JSONValue.self, from: Data(bytes + [10]))
        } catch { throw refused() }
        guard case .object = value else {
            throw ConfigProblems([
                ConfigProblem(
                    file: path, keyPath: "", message: "must be an object: { … }")
            ])
        }
        return value
    }
}
