import CKernel

/// What is told to the service manager that started the process, if there is one (sd_notify(3)).
public enum ServiceNotice {
    /// Clients are served.
    public static func ready() { tell("READY=1") }

    /// The configuration is being read again; `ready` ends it.
    public static func reloading() {
        tell("RELOADING=1\nMONOTONIC_USEC=\(Instant.now().nanoseconds / 1_000)")
    }

    /// Nothing new is taken.
    public static func stopping() { tell("STOPPING=1") }

    /// Another process is the service from now on.
    public static func succeeded(by process: ChildProcess) { tell("MAINPID=\(process.number)") }

    /// A manager that does not listen is no reason to do anything else.
    private static func tell(_ state: String) {
        guard let address = ProcessEnvironment.value("NOTIFY_SOCKET") else { return }
        _ = unsafe gh_tell(address, state)
    }
}
