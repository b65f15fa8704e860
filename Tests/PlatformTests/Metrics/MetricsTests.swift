import Platform
import Testing

@Suite("Metrics")
struct MetricsTests {
    @Test("renders Prometheus' text format, sorted")
    func render() {
        let metrics = Metrics()
        metrics.declare("chot_queries_total", "Queries by verdict.")
        metrics.declare("chot_errors_total", "Errors.")
        metrics.gauge("chot_up", "1 when up.") { 1 }
        metrics.add("chot_queries_total", "verdict=\"deny\"")
        metrics.add("chot_queries_total", "verdict=\"allow\"", 41)
        metrics.add("chot_queries_total", "verdict=\"allow\"")
        #expect(
            metrics.render() == """
                # HELP chot_errors_total Errors.
                # TYPE chot_errors_total counter
                chot_errors_total 0
                # HELP chot_queries_total Queries by verdict.
                # TYPE chot_queries_total counter
                chot_queries_total{verdict="allow"} 42
                chot_queries_total{verdict="deny"} 1
                # HELP chot_up 1 when up.
                # TYPE chot_up gauge
                chot_up 1

                """)
        #expect(metrics.value("chot_queries_total", "verdict=\"allow\"") == 42)
        #expect(metrics.value("chot_none_total") == 0)
    }

    @Test("a labelled view counts into the same metrics, its label before others")
    func labelled() {
        let metrics = Metrics()
        metrics.declare("chot_x_total", "X.")
        let views = ["a", "b"].map { metrics.labelled("system=\"\($0)\"") }
        views[0].add("chot_x_total", "status=\"ok\"")
        views[1].add("chot_x_total", "", 2)
        for (index, view) in views.enumerated() {
            view.gauge("chot_up", "Up.") { Int64(index) }
        }
        let text = metrics.render()
        #expect(text.contains("chot_x_total{system=\"a\",status=\"ok\"} 1\n"))
        #expect(text.contains("chot_x_total{system=\"b\"} 2\n"))
        #expect(text.contains("chot_up{system=\"a\"} 0\nchot_up{system=\"b\"} 1\n"))
        #expect(views[0].value("chot_x_total", "status=\"ok\"") == 1)
        #expect(metrics.value("chot_x_total") == 0)
    }

    @Test("nothing is lost when several threads count")
    func threads() {
        let metrics = Metrics()
        metrics.declare("chot_x_total", "X.")
        let threads = (0..<4).map { number in
            RunningThread(name: "count-\(number)") {
                for _ in 0..<1000 { metrics.add("chot_x_total") }
            }
        }
        for thread in threads { thread.join() }
        #expect(metrics.value("chot_x_total") == 4000)
    }

    @Test("a gauge is asked at each rendering and may read other metrics")
    func gauge() {
        let metrics = Metrics()
        metrics.declare("chot_x_total", "X.")
        metrics.gauge("chot_twice", "Twice X.") { 2 * metrics.value("chot_x_total") }
        metrics.add("chot_x_total", "", 4)
        #expect(metrics.render().contains("chot_twice 8\n"))
        metrics.add("chot_x_total")
        #expect(metrics.render().contains("chot_twice 10\n"))
    }
}
