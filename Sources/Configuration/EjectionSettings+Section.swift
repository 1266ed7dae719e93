extension EjectionSettings: Section {
    static let title = "upstreams[].ejection"
    static let purpose = """
        When an endpoint that keeps failing is left out. A failure is a connection that does not \
        come about, one that breaks before the answer, an answer that does not come in time, or \
        one of 500, 502, 503 and 504.
        """
    static let settings: [Setting<EjectionSettings>] = [
        Setting(
            "failures", \.failures, .whole(0...1_000_000),
            why: "Failures in a row, as one worker counts them. 0: none is ever left out."),
        Setting(
            "seconds", \.duration, .seconds(1...86_400_000),
            why: "How long it is left out; then one request tries it."),
        Setting(
            "percent", \.percent, .whole(0...100),
            why: "The share of the endpoints that may be left out at once, rounded down; never "
                + "the last one."),
    ]
}
