extension Schema {
    /// Has all columns that `alerts list` filters and sorts by, so that it reads no sentences.
    package static let alertList = """
        CREATE INDEX IF NOT EXISTS alert_list
            ON alert (at_ms, rule, kind, state, scope, confidence);
        """
}
