"""No descriptor left: accepting pauses and goes on again, and whoever is connected is served."""

import os
import resource


def highest_descriptor(pid):
    return max(int(name) for name in os.listdir(f"/proc/{pid}/fd"))


def test_without_descriptors_those_connected_are_served_and_the_others_wait(start):
    gateway = start(top={"workers": 1})
    pid = gateway.process.pid
    with gateway.http1("clear") as connected:
        assert connected.call("GET", "/health").status == 200
        room = 3
        bound = highest_descriptor(pid) + 1 + room
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (bound, bound))
        clients = [gateway.http1("clear") for _ in range(4 * room)]
        for client in clients:
            client.request("GET", "/health")
        served = 0
        # In the order in which they connected: as many as there is room for are served at once,
        # each of the others when one of them has gone.
        for client in clients:
            assert client.answer().status == 200
            served += 1
            if served == room:
                assert highest_descriptor(pid) == bound - 1
            assert connected.call("GET", "/health").status == 200
            if served >= room:
                clients[served - room].close()
    assert served == len(clients)
    assert gateway.call("h2", "GET", "/health", key=None).status == 200
