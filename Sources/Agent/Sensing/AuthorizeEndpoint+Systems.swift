import Domain
import Platform

/// With several systems behind one socket, finds the one whose checkpoint judges and counts a query.
extension AuthorizeEndpoint {
    /// The header by which the gateway tells through which of its addresses a query came.
    static let listenHeader = "X-Chot-System-Listen"

    /// The answer to a query that cannot be judged or counted, and so may not pass.
    static var cannotJudge: HTTPReply {
        HTTPReply(status: 503, headers: [("Retry-After", "5")])
    }

    /// Has the query judged by its system's checkpoint. A query of no system is refused, and counted at the first
    /// one; while its system holds no orders yet the answer is 503. `integration` is its `MaTichHop`.
    func route(
        _ request: borrowing HTTPRequest, _ integration: String, officer: String?,
        _ seen: inout Sighting
    ) -> HTTPReply? {
        if let router {
            guard let index = place(of: request, integration, router) else {
                return unmatched(request, integration, &seen, router)
            }
            seen.systemIndex = index
        }
        guard let checkpoint = places[seen.systemIndex].checkpoint else { return Self.cannotJudge }
        return judge(&seen, officer: officer, checkpoint)
    }

    /// Counts a query that could not be read: at the system that its header or address names, else at the first one.
    /// Returns nil when it was counted.
    func countMalformed(_ request: borrowing HTTPRequest, _ seen: inout Sighting) -> HTTPReply? {
        let index = if let router { place(of: request, "", router) } else { 0 as Int? }
        return count(.malformed, at: index, &seen)
    }

    private func unmatched(
        _ request: borrowing HTTPRequest, _ integration: String, _ seen: inout Sighting,
        _ router: SystemRouter
    ) -> HTTPReply {
        metrics.add("chot_agent_unmatched_total")
        if let trouble = count(.unmatched, at: nil, &seen) { return trouble }
        let message = MessageKey.refuseUnmatched.text([
            "code": .same("unmatched"),
            "problem": router.unrecognised(
                integration: integration, listen: request.header(Self.listenHeader)),
        ])
        return refuse(.deny, "unmatched", message, 403)
    }

    /// Counts at `index`; without one, or while that system holds no orders, at the first system that judges.
    private func count(_ reason: DenialReason, at index: Int?, _ seen: inout Sighting) -> HTTPReply?
    {
        let first = places.firstIndex { $0.checkpoint != nil }
        guard let index = index.flatMap({ places[$0].checkpoint == nil ? nil : $0 }) ?? first,
            places[index].checkpoint?.countMalformed(at: seen.at, as: reason) == true
        else { return Self.cannotJudge }
        seen.systemIndex = index
        (seen.verdict, seen.reason) = (.deny, reason)
        sightings?.put(seen)
        return nil
    }

    private func place(
        of request: borrowing HTTPRequest, _ integration: String, _ router: SystemRouter
    ) -> Int? {
        // A closure cannot capture a borrowed request, so the few headers it asks for are looked up first.
        var found: [String: String] = [:]
        for name in router.headerNames { found[name] = request.header(name) }
        return router.index(
            integration: integration, listen: request.header(Self.listenHeader),
            header: { found[$0] })
    }
}
