import CKernel

/// The variables the process was started with.
public enum ProcessEnvironment {
    /// Only for start and reload: nothing may change the environment meanwhile, and nothing here
    /// does.
    public static func value(_ name: String) -> String? {
        guard let text = unsafe gh_environment(name) else { return nil }
        return unsafe String(cString: text)
    }
}
