import CKernel

/// How much memory this process may take before the kernel ends it. It reads files: not for a
/// worker.
public enum MemoryAllowance {
    private static let groups = "/sys/fs/cgroup"

    /// What the machine has, or less where a control group (version 2) around the process says so.
    public static func bytes() -> Int {
        let physical = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
        guard let membership = contents(of: "/proc/self/cgroup") else { return physical }
        let group = least(membership) { contents(of: groups + $0 + "/memory.max") }
        return min(physical, group ?? physical)
    }

    /// The least that the group and those around it allow; nil: none has a bound. `membership`:
    /// lines of which one is `0::/PATH` (cgroups(7)).
    static func least(_ membership: String, _ bound: (String) -> String?) -> Int? {
        guard let line = membership.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })
        else { return nil }
        var path = line.dropFirst(3)
        var least: Int?
        while true {
            let text = bound(path == "/" ? "" : String(path))?.prefix { $0.isNumber }
            if let bytes = text.flatMap({ Int($0) }) { least = min(least ?? bytes, bytes) }
            guard path.count > 1, let slash = path.lastIndex(of: "/") else { return least }
            path = slash == path.startIndex ? path.prefix(1) : path[..<slash]
        }
    }

    private static func contents(of path: String) -> String? {
        try? FileContents.read(path, limit: 65_536).text
    }
}
