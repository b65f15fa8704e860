import Platform

extension Metrics {
    /// By the problem that the one who asked is told.
    package func countRefusal(_ problem: String) {
        let why = problem.replacing(" ", with: "_")
        add("chot_collector_refused_total", "why=\"\(why)\"")
    }
}
