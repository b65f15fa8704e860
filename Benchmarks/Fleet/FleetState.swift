import Domain
import Platform
import Wire

/// The enrolled agents of a simulated nation, kept from run to run. Made-up keys: nothing here is secret, yet 0600.
struct FleetState: Codable {
    struct Member: Codable {
        let id: AgentID
        let system: SystemCode
        let seed: String
        var epoch: Int64
        var seq: Int64 = 0
        var prev: String = ""
        /// To here its intervals are sealed.
        var at: Timestamp
    }

    let collector: String
    let accounts: Int
    var agents: [Member]
    /// The collector's signing keys, by thumbprint.
    let signing: [JWK]

    /// Throws where the folder holds a fleet: prepared once more, its agents would stay enrolled and never speak again.
    static func refuseAnother(in folder: String) throws {
        let path = "\(folder)/fleet.json"
        guard Files.exists(path) else { return }
        let agents = (try? load(folder)).map { "\($0.agents.count)" } ?? "?"
        throw CommandFailure(
            .badInput,
            "\(path) already holds a fleet of \(agents) agents, which would stay enrolled and never speak again; give another --state, or go on with this one: chot-fleet run",
            vi:
                "\(path) đã có \(agents) điểm chốt mô phỏng; nếu chuẩn bị lại, chúng vẫn còn ghi danh mà không bao giờ gửi gì nữa; hãy chọn --state khác, hoặc dùng tiếp dữ liệu này: chot-fleet run"
        )
    }

    static func load(_ folder: String) throws -> FleetState {
        let path = "\(folder)/fleet.json"
        guard Files.exists(path) else {
            throw CommandFailure(
                .noFile, "\(folder) holds no fleet; make one with chot-fleet prepare",
                vi: "\(folder) không có dữ liệu mô phỏng; hãy chạy chot-fleet prepare trước")
        }
        return try decodeJSON(FleetState.self, try Files.read(path, bytesMax: 64 << 20))
    }

    func save(_ folder: String) throws {
        try Files.writeAtomically("\(folder)/fleet.json", encodeJSON(self))
    }
}
