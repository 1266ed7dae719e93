import CKernel

/// The variables the process was started with.
public enum ProcessEnvironment {
    /// Only for start and reload: nothing may change the environment meanwhile, and nothing here
    /// does.
    public static func value(_ name: String) -> String? {
        guard let text = unsafe gh_environment(name) else { return nil }
        return unsafe String(cString: text)
    }

    /// All of them, as `NAME=value`.
    static var all: [String] {
        var all: [String] = []
        guard var entry = unsafe gh_environment_list() else { return [] }
        while let text = unsafe entry.pointee {
            all.append(unsafe String(cString: text))
            unsafe entry += 1
        }
        return all
    }
}
