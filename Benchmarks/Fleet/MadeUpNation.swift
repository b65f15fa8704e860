import Domain
import Platform

/// A registry of made-up systems and accounts, spread over the units of a list, and a token for each agent.
struct MadeUpNation {
    let units: [String]
    let systems: Int
    let accounts: Int
    let agents: Int

    init(unitsFile: String, systems: Int, accounts: Int, agents: Int) throws {
        let text = try Files.readText(unitsFile, bytesMax: 1 << 20)
        units = text.split(separator: "\n").dropFirst().compactMap {
            $0.split(separator: ",").first.map(String.init)
        }.filter(UnitCode.accepts)
        guard !units.isEmpty else {
            throw CommandFailure(
                .badInput, "\(unitsFile): no unit in it; a CSV with the column code",
                vi: "\(unitsFile): không có đơn vị nào; cần tệp CSV có cột code")
        }
        self.systems = systems
        self.accounts = accounts
        self.agents = agents
    }

    func code(_ system: Int) -> String { "\(units[system % units.count]).sim\(system)" }

    /// Writes systems.csv, services.csv and accounts.csv.
    func write(to folder: String) throws {
        try Files.makeFolder(folder)
        var list = "code,unit,name,contact,phone,email\n"
        var services = "system,service,office_per_day,off_per_day,purpose\n"
        var people = "system,login,full_name,cccd,officer_code,phone,per_day\n"
        for system in 0..<systems {
            let (unit, name) = (units[system % units.count], code(system))
            list +=
                "\(name),\(unit),Hệ thống mô phỏng \(system),NGUYEN VAN MAU,0000000000,mau@example.invalid\n"
            for service in SummaryText.services {
                services += "\(name),\(service),10000000,300,mô phỏng\n"
            }
            for account in 0..<accounts {
                let person = String(100_000_000_000 + system * 100_000 + account).dropFirst()
                people += "\(name),canbo\(account),NGUYEN VAN MAU,0\(person),,0000000000,10000000\n"
            }
        }
        try Files.writeAtomically("\(folder)/systems.csv", list)
        try Files.writeAtomically("\(folder)/services.csv", services)
        try Files.writeAtomically("\(folder)/accounts.csv", people)
    }

    func agents(of system: Int) -> Int {
        agents / systems + (system < agents % systems ? 1 : 0)
    }
}
