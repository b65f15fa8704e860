import Domain
import Platform

/// `chot-agent status`, for people or as JSON. It exits with 0 when all is well, 1 when something needs attention,
/// and 69 when the agent is not running.
extension AgentProgram {
    static func status(_ command: ParsedCommand, _ language: Language) throws -> ExitCode {
        let config = try config(command)
        var reports = try StatusSocket.fetch(config)
        if let trouble = gatewayTrouble(config) {
            for index in reports.indices { reports[index].troubles.append(trouble) }
        }
        if command.option("format") == "json" {
            let json = try StatusSocket.json(reports, isSeveral: !config.systems.isEmpty)
            printJSON(json)
        } else {
            print(reports.map { $0.text(language) }.joined(separator: "\n\n"))
        }
        return reports.allSatisfy(\.troubles.isEmpty) ? .ok : .failed
    }

    /// Finds out whether anything listens where the gateway should. It sends no request, which would be counted.
    private static func gatewayTrouble(_ config: AgentConfig) -> AgentReport.Trouble? {
        let silent = config.gatewayListens.filter { !$0.answers(withinMilliseconds: 1000) }
        guard !silent.isEmpty else { return nil }
        let names = silent.map(\.description).joined(separator: ", ")
        return AgentReport.Trouble(
            kind: .gateway,
            message: Localized(
                vi:
                    "cổng không trả lời ở \(names): kiểm tra nginx của cổng (chot-agent nginx-config)",
                en: "no gateway answers on \(names): look at its nginx (chot-agent nginx-config)"))
    }
}
