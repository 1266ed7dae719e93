/// What `--help` prints.
enum Usage {
    static let all = """
        Usage: gatehouse COMMAND [OPTIONS]

        An edge gateway for OpenAI-compatible upstreams.

        Commands:
          serve --config FILE              serve until SIGTERM or SIGINT
          check --config FILE              report every problem of a configuration
          health --address ADDRESS         ask a running gateway how it is
          keys new --prefix P --config FILE  make a key and the entry that admits it
          demo-upstream --listen ADDRESS   an upstream to try the gateway with
          version                          print the version

        "gatehouse COMMAND --help" tells more of each.

        """

    static let serve = """
        Usage: gatehouse serve --config FILE

        Serves as FILE says. When a listener is ready, one line of JSON with its name, address
        and port is written to standard output; the access log goes there too unless FILE says
        otherwise.

        Signals:
          SIGTERM, SIGINT  finish what is in flight, then exit 0; a second one ends at once
          SIGHUP           open the access log anew and reload the configuration

        Exit status: 0 after a signal; 1 when FILE or what it names cannot be used.

        """

    static let check = """
        Usage: gatehouse check --config FILE

        Reads FILE and everything it names, and reports every problem on standard error as
        FILE:LINE:COLUMN: MESSAGE. Binds nothing.

        Exit status: 0 when `serve` would start; 1 when there are problems.

        """

    static let health = """
        Usage: gatehouse health --address ADDRESS [--host NAME]

        Sends GET /health over HTTP/1.1 in the clear to ADDRESS, which is like 127.0.0.1:8080 or
        [::1]:8080, and waits two seconds at most. NAME is the host to ask for where no site
        answers to every name. Prints nothing when all is well.

        Exit status: 0 when the answer is 200; 1 otherwise.

        """

    static let keys = """
        Usage: gatehouse keys new --prefix PREFIX --config FILE

        """

    static let keysNew = """
        Usage: gatehouse keys new --prefix PREFIX --config FILE [--name NAME]

        Makes a key: PREFIX and 64 hexadecimal digits of randomness. Prints the key, which is
        stored nowhere, and the YAML entry to put under `keys` of the site (or into its
        `keysFile`). The entry holds the key's hash with the pepper that FILE names.

        """

    static let demo = """
        Usage: gatehouse demo-upstream --listen ADDRESS

        A deterministic upstream in OpenAI's shape over HTTP/1.1 in the clear, for trying the
        gateway. ADDRESS is like 127.0.0.1:8081 or [::1]:0. Prints one line of JSON when ready.

        """

    static let version = """
        Usage: gatehouse version

        Prints the version.

        """
}
