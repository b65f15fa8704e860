import Seeds
/// Which faults a seed brings: not all in every run, so that some runs show a promise without exception.
struct Plan {
    var kills = false
    var powerLosses = false
    var crashesAtSteps = false
    var fullDisk = false
    var diskErrors = false
    var clockSteps = false
    /// Clocks far ahead: the machine's, also where no clock can be, and the collector's for a short while.
    var excursions = false
    var machineAhead: Int64 = 0
    var collectorAhead: Int64 = 0
    var snapshots = false
    var backups = false
    var flood = false
    var observes = false
    var lies: [Network.Lie] = []
    var ordersLies: [Network.OrdersLie] = []
    var lieShare = 0.0
    var outages = false
    var pushEvery = "60s"
    var ticks = 200

    /// Lies after which not all counts can be told, or not all of them once.
    static let honest: [Network.Lie] = Network.Lie.allCases.filter { $0 != .setAside }

    init() {}

    init(_ chance: inout Chance) {
        kills = chance.hits(0.6)
        powerLosses = chance.hits(0.35)
        crashesAtSteps = chance.hits(0.6)
        fullDisk = chance.hits(0.4)
        diskErrors = chance.hits(0.35)
        clockSteps = chance.hits(0.4)
        snapshots = chance.hits(0.25)
        excursions = chance.hits(0.3)
        let day: Int64 = 86_400_000
        machineAhead = chance.one(of: [
            2 * day, 400 * day, 3600 * day, 28_000 * day, 40_000 * day, -20_000 * day,
        ])
        collectorAhead = chance.one(of: [day / 24, 3 * day, 300 * day, 3600 * day, -day])
        backups = chance.hits(0.3)
        flood = chance.hits(0.15)
        observes = chance.hits(0.15)
        outages = chance.hits(0.4)
        if chance.hits(0.75) {
            lies = Network.Lie.allCases.filter { _ in chance.hits(0.5) }
            if chance.hits(0.7) { lies.removeAll { $0 == .setAside } }
            lieShare = chance.one(of: [0.02, 0.1, 0.3, 0.6])
        }
        if chance.hits(0.6) {
            ordersLies = Network.OrdersLie.allCases.filter { _ in chance.hits(0.6) }
            if lieShare == 0 { lieShare = 0.2 }
        }
        pushEvery = chance.one(of: ["5s", "20s", "60s", "60s", "300s"])
    }

    var isTold: String {
        var names: [String] = []
        for (name, isOn) in [
            ("kills", kills), ("power losses", powerLosses), ("crashes at steps", crashesAtSteps),
            ("full disk", fullDisk), ("disk errors", diskErrors), ("clock steps", clockSteps),
            ("excursions", excursions),
            ("snapshots", snapshots), ("backups", backups), ("flood", flood),
            ("observes", observes), ("outages", outages),
        ] where isOn { names.append(name) }
        names += lies.map(\.rawValue) + ordersLies.map { "orders \($0.rawValue)" }
        return "every \(pushEvery), lies \(lieShare): " + names.joined(separator: ", ")
    }
}
