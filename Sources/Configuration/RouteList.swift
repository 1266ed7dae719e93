/// `routes` as a mapping: a preset and what is added to it.
struct RouteList: Section {
    var preset: RoutePreset?
    var add: [RouteSettings] = []

    /// The routes added, and of `usual` what they leave.
    func over(_ usual: [RouteSettings]) -> [RouteSettings] {
        add
            + usual.compactMap { route in
                var rest = route
                rest.methods.removeAll { method in
                    add.contains { $0.path == route.path && $0.methods.contains(method) }
                }
                return rest.methods.isEmpty ? nil : rest
            }
    }

    static let title = "sites[].routes"
    static let purpose = """
        A preset with routes of your own. Where only those are wanted, a list takes the place of \
        the section.
        """
    static let settings: [Setting<RouteList>] = [
        Setting(
            "preset", \.preset, .optional(.choice),
            why: "The built-in routes to start from; absent: the site's dialect chooses."),
        Setting(
            "add", \.add, .list(of: .section, minimum: 1), isRequired: true,
            why: "Routes that take the place of the preset's, or stand beside them."),
    ]
}
