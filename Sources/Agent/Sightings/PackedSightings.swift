import Domain

/// Sightings packed into one run of bytes: a fixed head each, then the bytes of its texts. The thread that writes
/// them makes no objects, and the one that reads them frees none of another thread's. Not thread-safe.
struct PackedSightings {
    private struct Head {
        var milliseconds: Int64
        var system: UInt16
        var verdict: UInt8
        /// `Head.none` when the query was allowed.
        var reason: UInt8
        /// The length of each text in bytes, in the order of `eachText`.
        var counts: SIMD8<UInt16>

        static let none: UInt8 = 255
    }

    private static let verdicts: [Verdict] = [.allow, .throttle, .challenge, .deny]

    private(set) var count = 0
    private var bytes: [UInt8] = []

    mutating func append(_ sighting: Sighting) {
        let start = bytes.count
        var head = Head(
            milliseconds: sighting.at.milliseconds, system: UInt16(clamping: sighting.systemIndex),
            verdict: UInt8(Self.verdicts.firstIndex(of: sighting.verdict) ?? 0),
            reason: sighting.reason?.rawValue ?? Head.none, counts: SIMD8())
        withUnsafeBytes(of: head) { bytes.append(contentsOf: $0) }
        head.counts[0] = append(sighting.login.rawValue)
        head.counts[1] = append(sighting.service.rawValue)
        head.counts[2] = append(sighting.source)
        head.counts[3] = append(sighting.requestID)
        head.counts[4] = append(sighting.messageID)
        head.counts[5] = append(sighting.subject)
        head.counts[6] = append(sighting.officer)
        head.counts[7] = append(sighting.serviceUnit)
        bytes.withUnsafeMutableBytes {
            $0.storeBytes(of: head.counts, toByteOffset: start + Self.countsOffset, as: SIMD8.self)
        }
        count += 1
    }

    private static let countsOffset = MemoryLayout<Head>.offset(of: \.counts) ?? 0

    /// Every text is far shorter than the bound of its length; the readers of queries and headers see to that.
    private mutating func append(_ text: String) -> UInt16 {
        guard !text.isEmpty else { return 0 }
        var text = text
        return text.withUTF8 { utf8 in
            let kept = utf8.prefix(Int(UInt16.max))
            bytes.append(contentsOf: kept)
            return UInt16(kept.count)
        }
    }

    /// Hands each sighting over, in their order. `services` keeps names between calls.
    func forEach(_ services: inout ServiceNames, _ consume: (Sighting) -> Void) {
        bytes.withUnsafeBytes { bytes in
            var place = 0
            for _ in 0..<count {
                let head = bytes.loadUnaligned(fromByteOffset: place, as: Head.self)
                place += MemoryLayout<Head>.size
                func next(_ text: Int) -> UnsafeRawBufferPointer {
                    defer { place += Int(head.counts[text]) }
                    return UnsafeRawBufferPointer(
                        rebasing: bytes[place..<place + Int(head.counts[text])])
                }
                func text(_ number: Int) -> String {
                    head.counts[number] == 0 ? "" : String(decoding: next(number), as: UTF8.self)
                }
                consume(
                    Sighting(
                        at: Timestamp(milliseconds: head.milliseconds),
                        login: Login(unchecked: text(0)), service: services.name(next(1)),
                        systemIndex: Int(head.system), source: text(2),
                        verdict: Self.verdicts[Int(head.verdict)],
                        reason: DenialReason(rawValue: head.reason), requestID: text(3),
                        messageID: text(4), subject: text(5), officer: text(6),
                        serviceUnit: text(7)))
            }
        }
    }

    mutating func removeAll() {
        count = 0
        // The memory that a burst needed is given back.
        bytes.removeAll(keepingCapacity: bytes.capacity <= Self.keptBytes)
    }

    static let keptBytes = 64 << 10
}

/// Keeps the few services for which most queries ask, so that each name is made once.
struct ServiceNames {
    private static let namesMax = 64
    private var names: [ServiceName] = []

    mutating func name(_ bytes: UnsafeRawBufferPointer) -> ServiceName {
        if let known = names.first(where: { Self.isSpelled($0, bytes) }) { return known }
        let name = ServiceName(unchecked: String(decoding: bytes, as: UTF8.self))
        if names.count < Self.namesMax { names.append(name) }
        return name
    }

    private static func isSpelled(_ name: ServiceName, _ bytes: UnsafeRawBufferPointer) -> Bool {
        var text = name.rawValue
        return text.withUTF8 { text in
            text.count == bytes.count && text.indices.allSatisfy { text[$0] == bytes[$0] }
        }
    }
}
