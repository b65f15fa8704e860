import CollectorClock
import Domain
import Platform
import Wire

extension StaffCommands {
    /// `clock show`: tells which time is used, how far the machine's clock is from it, and why it is doubted.
    func clockShow(_ request: AdminRequest) -> AdminAnswer {
        let clock = desk.clock
        let (now, error) = (clock.now(), clock.errorMilliseconds / 1000)
        let doubt = clock.doubt
        let state = doubt.map(Self.text) ?? Localized(vi: "đã xác nhận", en: "confirmed")
        let language = request.language
        let lines = [
            Localized(vi: "giờ đang dùng: \(now)", en: "time in use: \(now)"),
            Localized(
                vi: "đồng hồ của máy lệch: \(error) giây",
                en: "the machine's clock is off by: \(error) s"),
            Localized(vi: "trạng thái: \(state.vi)", en: "state: \(state.en)"),
        ]
        var answer = AdminAnswer()
        answer.text = lines.map { $0[language] }.joined(separator: "\n")
        answer.json = .object([
            "time": .string(now.description), "off_s": .integer(error),
            "doubted": .bool(doubt != nil), "certain": .string(clock.certain.description),
            "state": both(state),
        ])
        return answer
    }

    private static func text(_ doubt: CentreClock.Doubt) -> Localized {
        switch doubt {
        case .start:
            Localized(
                vi: "chưa ai xác nhận từ khi khởi động; chờ các điểm chốt hoặc clock accept",
                en: "not confirmed since the start; waits for agents or clock accept")
        case .moved(let span):
            Localized(
                vi: "bị chỉnh \(span / 1000) giây; chờ các điểm chốt hoặc clock accept",
                en: "moved by \(span / 1000) s; waits for agents or clock accept")
        case .contradicted(let span):
            Localized(
                vi: "các điểm chốt chỉ giờ khác \(span / 1000) giây; chờ xác nhận",
                en: "agents agree on a time \(span / 1000) s away; waits to be settled")
        }
    }

    /// `clock accept`: staff vouch that the machine's clock is right.
    func clockAccept(_ request: AdminRequest) throws -> AdminAnswer {
        let reason = try required(request, "reason")
        let before = desk.clock.now()
        guard desk.clock.vouch() != nil else {
            throw CommandFailure(
                .badInput,
                "the machine's clock shows no plausible time; set it first (timedatectl)",
                vi: "giờ của máy không hợp lý; hãy chỉnh giờ trước (timedatectl)")
        }
        let now = Timestamp.now
        try desk.store.write {
            try $0.audit(who, "clock.accept", "\(now)", "before: \(before); \(reason)", at: now)
        }
        try ClockWatch(clock: desk.clock, store: desk.store, metrics: desk.metrics).settled(by: 0)
        let line = Localized(
            vi: "đã xác nhận giờ của máy: \(now)",
            en: "the machine's clock is taken as right: \(now)")
        return AdminAnswer(text: line[request.language])
    }
}
