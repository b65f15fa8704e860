// Most of a summary is rows, so they are coded field by field. An empty `would` is left out.

extension SummaryRow: Codable {
    enum CodingKeys: String, CodingKey {
        case login, service, hour, window, allowed, denied, passed, would
    }

    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func name(_ key: CodingKeys) throws -> String {
            let text = try fields.decode(String.self, forKey: key)
            // As elsewhere on the wire, only the size is checked: the query may have named what no registry has.
            guard text.utf8.count <= 256 else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: fields,
                    debugDescription: "a name of \(text.utf8.count) bytes; 256 at most")
            }
            return text
        }
        login = Login(unchecked: try name(.login))
        service = ServiceName(unchecked: try name(.service))
        hour = Timestamp(milliseconds: try fields.decode(Int64.self, forKey: .hour))
        let window = try fields.decode(String.self, forKey: .window)
        guard let kind = WindowKind(rawValue: window) else {
            throw DecodingError.dataCorruptedError(
                forKey: .window, in: fields, debugDescription: "office or off")
        }
        self.window = kind
        allowed = try fields.decode(Int64.self, forKey: .allowed)
        passed = fields.contains(.passed) ? try fields.decode(Int64.self, forKey: .passed) : 0
        denied = try Self.counts(.denied, fields)
        would = try Self.counts(.would, fields)
    }

    private struct Reason: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Reads counts by reason; most rows have none.
    private static func counts(_ key: CodingKeys, _ fields: KeyedDecodingContainer<CodingKeys>)
        throws -> [String: Int64]
    {
        guard fields.contains(key) else { return [:] }
        let reasons = try fields.nestedContainer(keyedBy: Reason.self, forKey: key)
        var counts: [String: Int64] = [:]
        for reason in reasons.allKeys {
            counts[reason.stringValue] = try reasons.decode(Int64.self, forKey: reason)
        }
        return counts
    }

    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(login.rawValue, forKey: .login)
        try fields.encode(service.rawValue, forKey: .service)
        try fields.encode(hour.milliseconds, forKey: .hour)
        try fields.encode(window.rawValue, forKey: .window)
        try fields.encode(allowed, forKey: .allowed)
        try fields.encode(passed, forKey: .passed)
        try fields.encode(denied, forKey: .denied)
        if !would.isEmpty { try fields.encode(would, forKey: .would) }
    }
}
