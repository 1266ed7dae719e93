/// Every metric there is, in the order in which they are exposed.
extension Metric {
    public static let all: [Metric] =
        requests + tokens + upstreams + issuers + workers + reloading + month + process

    private static let requests = [
        requestDuration, timeToFirstByte, overhead, requestBodySize, responseBodySize,
        activeRequests, limitRefusals,
    ]
    private static let tokens = [tokenUsage, budgetTokens, budgetRefusals]
    private static let upstreams = [
        upstreamConnections, upstreamActiveRequests, upstreamPendingRequests, upstreamEndpoints,
        upstreamFailures, upstreamRetries, upstreamFallbacks,
    ]
    private static let issuers = [
        tokenKeys, tokenKeysReadTime, tokenKeysReadings, tokenCacheEntries, tokenCacheLookups,
    ]
    private static let workers = [
        clientConnections, clientConnectionsAccepted, clientConnectionsRefused, tlsHandshakes,
        turnDuration, droppedLogLines, overflow, scrapes,
    ]
    private static let reloading = [reloads, reloadTime]
    private static let month = [monthRequests, monthCaps]
    private static let process = [
        buildInfo, processorTime, residentMemory, virtualMemory, openDescriptors,
        descriptorLimit, startTime,
    ]

    // MARK: Requests

    static let requestDuration = Metric(
        "http_server_request_duration_seconds", .histogram(.waits),
        ["site", "http_route", "http_request_method", "http_response_status_code", "error_type"],
        "Time from the complete request head to the last byte that left for the client. Its count "
            + "is the number of requests.")
    static let timeToFirstByte = Metric(
        "gatehouse_time_to_first_byte_seconds", .histogram(.waits), ["site", "http_route"],
        "Time from the complete request head to the head of the upstream's response.")
    static let overhead = Metric(
        "gatehouse_overhead_seconds", .histogram(.work), ["site", "http_route"],
        "The gateway's own share in a request the upstream answered: waiting for a connection, "
            + "and from the upstream's last byte until the client's connection took it.")
    static let requestBodySize = Metric(
        "http_server_request_body_size_bytes", .histogram(.bytes), ["site", "http_route"],
        "Body bytes received from the client.")
    static let responseBodySize = Metric(
        "http_server_response_body_size_bytes", .histogram(.bytes), ["site", "http_route"],
        "Body bytes sent to the client.")
    static let activeRequests = Metric(
        "http_server_active_requests", .gauge, [], "Requests under way.")
    static let limitRefusals = Metric(
        "gatehouse_limit_refusals_total", .counter, ["site", "http_route", "window"],
        "Requests refused because a key's limit was used up, by the window that refused.")

    // MARK: Tokens

    static let tokenUsage = Metric(
        "gen_ai_client_token_usage", .histogram(.tokens),
        ["site", "http_route", "gen_ai_token_type"],
        "Tokens of a request as the upstream counted them, by input and output.")

    static let budgetTokens = Metric(
        "gatehouse_budget_tokens_total", .counter, ["site", "http_route", "state"],
        "Tokens of callers who have budgets: reserved for requests that were let through, settled "
            + "with what their answers took.")
    static let budgetRefusals = Metric(
        "gatehouse_budget_refusals_total", .counter, ["site", "http_route"],
        "Requests refused because a quota was used up: of tokens, or a tier's of requests.")

    // MARK: Upstreams

    static let upstreamConnections = Metric(
        "gatehouse_upstream_connections", .gauge, ["upstream", "state"],
        "Connections of the pools: connecting, idle (carrying no request) or active.")
    static let upstreamActiveRequests = Metric(
        "gatehouse_upstream_active_requests", .gauge, ["upstream"],
        "Requests that hold a stream of an upstream connection.")
    static let upstreamPendingRequests = Metric(
        "gatehouse_upstream_pending_requests", .gauge, ["upstream"],
        "Requests that wait for a stream of an upstream connection.")
    static let upstreamEndpoints = Metric(
        "gatehouse_upstream_endpoints", .gauge, ["upstream", "worker", "state"],
        "Endpoints as each worker sees them: fit, or unfit (ejected or found unhealthy).")
    static let upstreamFailures = Metric(
        "gatehouse_upstream_failures_total", .counter, ["upstream", "error_type"],
        "Requests that failed because of the upstream, by what went wrong.")
    static let upstreamRetries = Metric(
        "gatehouse_upstream_retries_total", .counter, ["upstream"],
        "Requests that were sent a second time.")
    static let upstreamFallbacks = Metric(
        "gatehouse_upstream_fallbacks_total", .counter, ["upstream"],
        "Requests that this upstream did not serve and that went on to their model's next target.")

    // MARK: Token issuers

    static let tokenKeys = Metric(
        "gatehouse_token_keys", .gauge, ["issuer"],
        "Keys of a token issuer that can verify tokens.")
    static let tokenKeysReadTime = Metric(
        "gatehouse_token_keys_last_success_timestamp_seconds", .gauge, ["issuer"],
        "When a token issuer's keys were last read, in Unix time. They stay in force when they "
            + "cannot be read again.")
    static let tokenKeysReadings = Metric(
        "gatehouse_token_keys_readings_total", .counter, ["issuer", "result"],
        "Attempts to read a token issuer's keys: ok or failed.")
    static let tokenCacheEntries = Metric(
        "gatehouse_token_cache_entries", .gauge, [],
        "Verified tokens that the workers remember, together.")
    static let tokenCacheLookups = Metric(
        "gatehouse_token_cache_lookups_total", .counter, ["result"],
        "Tokens that callers showed: hit, one that was remembered, or miss, one that had to be "
            + "verified.")

    // MARK: Workers

    static let clientConnections = Metric(
        "gatehouse_client_connections", .gauge, [], "Client connections that are open.")
    static let clientConnectionsAccepted = Metric(
        "gatehouse_client_connections_accepted_total", .counter, [],
        "Client connections accepted.")
    static let clientConnectionsRefused = Metric(
        "gatehouse_client_connections_refused_total", .counter, [],
        "Client connections closed at once because their address had as many as it may.")
    static let tlsHandshakes = Metric(
        "gatehouse_tls_handshakes_total", .counter, ["side", "result"],
        "TLS handshakes with clients and with upstreams: full, resumed or failed.")
    static let turnDuration = Metric(
        "gatehouse_worker_turn_duration_seconds", .histogram(.work), ["worker"],
        "How long one turn of a worker's loop took, and so how late an event may have been served. "
            + "Its sum is the time the worker was busy.")
    static let droppedLogLines = Metric(
        "gatehouse_access_log_dropped_lines_total", .counter, [],
        "Access-log lines lost because the log could not keep up.")
    static let overflow = Metric(
        "gatehouse_metrics_overflow_total", .counter, [],
        "Requests counted with the labels `other` because metrics.seriesLimit was reached.")
    static let scrapes = Metric(
        "gatehouse_metrics_scrapes_total", .counter, [],
        "Answers given with these metrics, this one included.")

    // MARK: Reloads

    static let reloads = Metric(
        "gatehouse_config_reloads_total", .counter, ["result"],
        "Reloads of the configuration: ok, or failed, which leaves the one before in force.")
    static let reloadTime = Metric(
        "gatehouse_config_last_reload_success_timestamp_seconds", .gauge, [],
        "When the configuration in force was taken over, in Unix time.")
    static let monthRequests = Metric(
        "gatehouse_month_requests", .gauge, [],
        "Requests of this month, UTC, that count towards the caps of the process; only where it "
            + "has caps.")
    static let monthCaps = Metric(
        "gatehouse_month_requests_cap", .gauge, ["cap"],
        "The caps of the process for a month: soft, which warns, and hard, which refuses.")

    // MARK: The process

    static let buildInfo = Metric(
        "gatehouse_build_info", .gauge, ["version"], "Always 1; the label is the version.")
    static let processorTime = Metric(
        "process_cpu_seconds_total", .counter, [], "User and system time of all threads.")
    static let residentMemory = Metric(
        "process_resident_memory_bytes", .gauge, [], "Memory that is in RAM.")
    static let virtualMemory = Metric(
        "process_virtual_memory_bytes", .gauge, [], "Address space.")
    static let openDescriptors = Metric(
        "process_open_fds", .gauge, [], "Open file descriptors.")
    static let descriptorLimit = Metric(
        "process_max_fds", .gauge, [], "Most file descriptors the process may open.")
    static let startTime = Metric(
        "process_start_time_seconds", .gauge, [], "When the process started, in Unix time.")
}
