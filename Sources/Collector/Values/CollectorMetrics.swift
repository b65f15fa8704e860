import Platform

extension Metrics {
    /// Counts a refusal under the problem that the caller is told.
    package func countRefusal(_ problem: String) {
        let why = problem.replacing(" ", with: "_")
        add("chot_collector_refused_total", "why=\"\(why)\"")
    }
}
