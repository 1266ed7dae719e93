/// `routes` as a mapping: a preset and what is added to it.
struct RouteList: Section {
    var preset: RoutePreset?
    var add: [RouteSettings] = []

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
            why: "Routes that come before the preset's."),
    ]
}
