import Configuration

extension SiteSettings {
    /// Whether one of its routes speaks WebSocket.
    var offersTunnels: Bool { routes.contains { $0.action == .websocket } }
}
