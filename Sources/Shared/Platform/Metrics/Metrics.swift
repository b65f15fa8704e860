import Synchronization

/// Counters and gauges in Prometheus' text format. Labels never carry account names. Thread-safe.
public final class Metrics: Sendable {
    private struct State {
        var help: [String: (kind: String, text: String)] = [:]
        var values: [String: [String: Int64]] = [:]
        var gauges: [(name: String, label: String, value: @Sendable () -> Int64)] = []
    }

    private final class Store: Sendable {
        let state = Mutex(State())
    }

    private let store: Store
    /// A label that goes before every label given here.
    private let label: String

    public convenience init() { self.init(Store(), "") }

    private init(_ store: Store, _ label: String) {
        self.store = store
        self.label = label
    }

    /// The same metrics; whatever is counted or read through the result also bears `label` (`name="value"`).
    public func labelled(_ label: String) -> Metrics { Metrics(store, joined(label)) }

    private func joined(_ more: String) -> String {
        label.isEmpty ? more : more.isEmpty ? label : "\(label),\(more)"
    }

    /// Declares a metric with its meaning. Undeclared metrics are not shown.
    public func declare(_ name: String, counter: Bool = true, _ help: String) {
        store.state.withLock { $0.help[name] = (counter ? "counter" : "gauge", help) }
    }

    /// Adds to a counter; `label` is `name="value"` or empty.
    public func add(_ name: String, _ label: String = "", _ count: Int64 = 1) {
        let label = joined(label)
        store.state.withLock { $0.values[name, default: [:]][label, default: 0] += count }
    }

    public func value(_ name: String, _ label: String = "") -> Int64 {
        let label = joined(label)
        return store.state.withLock { $0.values[name]?[label] ?? 0 }
    }

    /// Declares a gauge, whose value is read when the metrics are.
    public func gauge(_ name: String, _ help: String, value: @escaping @Sendable () -> Int64) {
        store.state.withLock {
            $0.help[name] = ("gauge", help)
            $0.gauges.append((name, label, value))
        }
    }

    /// All declared metrics in Prometheus' text format. It calls the gauges outside the lock.
    public func render() -> String {
        let gauges = store.state.withLock { $0.gauges }
        for gauge in gauges {
            let value = gauge.value()
            store.state.withLock { $0.values[gauge.name, default: [:]][gauge.label] = value }
        }
        return store.state.withLock { state in
            var text = ""
            for (name, (kind, help)) in state.help.sorted(by: { $0.key < $1.key }) {
                text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
                for (label, value) in (state.values[name] ?? ["": 0]).sorted(by: { $0.key < $1.key }
                ) {
                    text += name + (label.isEmpty ? "" : "{\(label)}") + " \(value)\n"
                }
            }
            return text
        }
    }
}
