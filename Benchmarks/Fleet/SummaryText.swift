import Domain
import Platform
import Wire

/// An interval of an agent that counted so many made-up queries. The same interval always gives the same text, so that it
/// need not be kept to be sent again.
struct FleetInterval {
    let from: Timestamp
    var to: Timestamp
    /// What was held when it was first signed.
    var held: String = "{}"
    var epoch: Int64 = 0
    var seq: Int64 = 0
    var prev: String = ""

    /// Queries of its row number `index`: 1…5.
    static func count(_ agent: Int, _ from: Timestamp, _ index: Int) -> Int64 {
        var mixed = UInt64(bitPattern: from.milliseconds) &+ UInt64(agent) &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ UInt64(index) &* 0xBF58_476D_1CE4_E5B9) &* 0x94D0_49BB_1331_11EB
        return Int64((mixed >> 33) % 5) + 1
    }
}

/// Summaries as JSON text, made from parts that stay the same.
struct SummaryText {
    static let services = [
        "TraCuuThongTinCongDan", "XacThucThongTinCongDan", "CungCapThongTinHoGiaDinh",
    ]

    let rows: Int
    let accounts: Int
    let everyMilliseconds: Int64

    /// `fork`: other bytes under the same number.
    func payload(
        _ interval: FleetInterval, _ number: Int, _ agent: AgentID, _ system: SystemCode,
        fork: Bool = false
    ) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(400 + rows * 170)
        let window = OfficeCalendar.letter.window(at: interval.from).kind.rawValue
        let hour = interval.from.hourStart.milliseconds
        text +=
            """
            {"agent":"\(agent)","breaches":[],"dropped":{},"epoch":\(interval.epoch),"every_ms":\(everyMilliseconds),\
            "from":\(interval.from.milliseconds),"held":\(interval.held),"part":{"n":1,"of":1},\
            "prev":"\(interval.prev)","refused_sets":{},"rows":[
            """.utf8
        let tail: [UInt8] = [UInt8](
            "\",\"hour\":\(hour),\"window\":\"\(window)\"}".utf8)
        for row in 0..<rows {
            if row > 0 { text.append(UInt8(ascii: ",")) }
            text += "{\"allowed\":".utf8
            append(FleetInterval.count(number, interval.from, row) + (fork ? 1 : 0), to: &text)
            text += ",\"denied\":{},\"passed\":0,\"login\":\"canbo".utf8
            append(Int64((number * 7 + row) % accounts), to: &text)
            text += "\",\"service\":\"".utf8
            text += Self.services[row % Self.services.count].utf8
            text += tail
        }
        text +=
            "],\"seq\":\(interval.seq),\"system\":\"\(system)\",\"to\":\(interval.to.milliseconds),\"v\":1}"
            .utf8
        return text
    }

    /// All that a summary of this interval counts.
    func total(_ interval: FleetInterval, _ number: Int) -> Int64 {
        (0..<rows).reduce(0) { $0 + FleetInterval.count(number, interval.from, $1) }
    }

    private func append(_ number: Int64, to text: inout [UInt8]) {
        if number >= 10 { append(number / 10, to: &text) }
        text.append(UInt8(ascii: "0") + UInt8(number % 10))
    }
}
