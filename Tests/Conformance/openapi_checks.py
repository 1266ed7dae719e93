"""A check for schemathesis: behind the test's upstream, which refuses nothing, every refusal is the
gateway's own, and has its envelope."""

import schemathesis


@schemathesis.check
def refusals_have_the_envelope(ctx, response, case):
    if response.status_code < 400 or case.method.upper() == "HEAD":
        return
    assert response.headers["content-type"] == ["application/json"], response.headers
    error = response.json()["error"]
    assert {"message", "type", "code"} <= set(error) <= {"message", "type", "param", "code"}, error
