#!/usr/bin/env bash
# Builds and starts the gateway with a demo upstream: `make run`.
#
#   UPSTREAM_URL, UPSTREAM_API_KEY   forward there instead of to the demo upstream
#   HTTPS_PORT (8443), DEMO_PORT (8081), METRICS_PORT (9464)
#   DEMO_DIRECTORY (build)           pepper, demo key, what is to be sourced
#   DEMO_MODEL (gpt-4o-mini)         the model the printed examples name
#   GATEHOUSE_BINARY                 a program that is built already
#
# Ctrl-C stops both: what is under way is finished first; a second Ctrl-C does not wait.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD

https_port=${HTTPS_PORT:-8443}
demo_port=${DEMO_PORT:-8081}
metrics_port=${METRICS_PORT:-9464}
state=${DEMO_DIRECTORY:-$repository/build}
model=${DEMO_MODEL:-gpt-4o-mini}
certificates=$repository/certs
gateway_pid=
demo_pid=

say() { printf '%s\n' "$*"; }
fail() {
    printf 'make run: %s\n' "$*" >&2
    exit 1
}

prepare() {
    if [[ -n ${GATEHOUSE_BINARY:-} ]]; then
        program=$GATEHOUSE_BINARY
    else
        scripts/install-dependencies.sh build
        say "Building (release)"
        swift build -c release --product gatehouse
        program=$(swift build -c release --show-bin-path)/gatehouse
    fi
    scripts/make-certificates.sh "$certificates"
    umask 077
    mkdir -p "$state"
    if [[ ! -s $state/pepper ]]; then head -c 32 /dev/urandom >"$state/pepper"; fi
    # What the other profiles in conf/ name, so that each can be started by itself.
    scripts/make-token.sh keys "$state"
    for profile in bve devsphere; do
        [[ -s $state/demo-keys-$profile.yaml ]] || say "keys: []" >"$state/demo-keys-$profile.yaml"
    done
}

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

check_ports() {
    if is_taken "$https_port"; then
        fail "port $https_port is in use. Stop what listens there, or set HTTPS_PORT."
    fi
    if is_taken "$metrics_port"; then
        fail "port $metrics_port is in use. Stop what listens there, or set METRICS_PORT."
    fi
    if $is_demo && is_taken "$demo_port"; then
        fail "port $demo_port is in use. Stop what listens there, or set DEMO_PORT."
    fi
}

# conf/openai.yaml as it stands, or a copy of it for other ports or another folder.
choose_configuration() {
    config=$repository/conf/openai.yaml
    if [[ $https_port != 8443 || $metrics_port != 9464 || $state != "$repository/build" ]]; then
        sed -e "s|127\.0\.0\.1:8443|127.0.0.1:$https_port|" \
            -e "s|127\.0\.0\.1:9464|127.0.0.1:$metrics_port|" \
            -e "s|\.\./certs/|$certificates/|" -e "s|\.\./build/|$state/|" \
            "$config" >"$state/openai.yaml"
        config=$state/openai.yaml
    fi
}

# The demo upstream unless the environment names another.
choose_upstream() {
    is_demo=false
    if [[ -z ${UPSTREAM_URL:-} ]]; then
        is_demo=true
        export UPSTREAM_URL="http://127.0.0.1:$demo_port/v1"
        export UPSTREAM_API_KEY=demo
    elif [[ -z ${UPSTREAM_API_KEY:-} ]]; then
        say "UPSTREAM_API_KEY is not set: the upstream gets the credential \"none\"."
        export UPSTREAM_API_KEY=none
    fi
}

# A key that lives as long as this run; only its hash is stored.
make_key() {
    local output
    say "keys: []" >"$state/demo-keys.yaml"
    output=$("$program" keys new --prefix sk-bve- --config "$config")
    key=$(grep -oE 'sk-bve-[0-9a-f]{64}' <<<"$output" | head -n 1)
    [[ -n $key ]] || fail "gatehouse keys new printed no key"
    {
        say "keys:"
        awk '/^ *- id:/ { on = 1; match($0, /^ */); deep = RLENGTH }
             on { match($0, /^ */)
                  if ($0 !~ /^ *- id:/ && RLENGTH <= deep) exit
                  print "  " substr($0, deep + 1) }' <<<"$output"
    } >"$state/demo-keys.yaml"
}

# Waits until the port answers; fails when the process ends first.
wait_for() {
    local pid=$1 port=$2 name=$3
    for _ in $(seq 300); do
        kill -0 "$pid" 2>/dev/null || fail "$name ended; see above"
        if is_taken "$port"; then return 0; fi
        sleep 0.05
    done
    fail "$name does not listen on port $port"
}

start() {
    if $is_demo; then
        "$program" demo-upstream --listen "127.0.0.1:$demo_port" >"$state/demo-upstream.log" &
        demo_pid=$!
        wait_for "$demo_pid" "$demo_port" "the demo upstream"
    fi
    "$program" serve --config "$config" &
    gateway_pid=$!
    wait_for "$gateway_pid" "$https_port" "the gateway"
}

explain() {
    cat >"$state/demo.env" <<END
export OPENAI_BASE_URL=https://127.0.0.1:$https_port/v1
export OPENAI_API_KEY=$key
export SSL_CERT_FILE=$certificates/bundle.pem
END
    local body="{\"model\":\"$model\",\"messages\":[{\"role\":\"user\",\"content\":\"Hello\"}]}"
    cat <<END

Gatehouse listens on https://127.0.0.1:$https_port and forwards to $UPSTREAM_URL.
Metrics: http://127.0.0.1:$metrics_port/metrics
In another terminal:  source $state/demo.env
or paste:

$(cat "$state/demo.env")

Then:

curl -sS --cacert "\$SSL_CERT_FILE" "\$OPENAI_BASE_URL/chat/completions" -H "Authorization: Bearer \$OPENAI_API_KEY" -H "Content-Type: application/json" -d '$body'

or, in Python (pip install openai):

from openai import OpenAI
stream = OpenAI().chat.completions.create(
    model="$model", messages=[{"role": "user", "content": "Hello"}], stream=True
)
print("".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices))

Ctrl-C stops. The access log follows.
END
}

# The gateway first, so that what it finishes can still reach the demo upstream.
stop() {
    trap 'kill -KILL $gateway_pid $demo_pid 2>/dev/null' INT TERM
    local status=0
    if [[ -n $gateway_pid ]]; then
        kill -TERM "$gateway_pid" 2>/dev/null || true
        wait "$gateway_pid" || status=$?
    fi
    if [[ -n $demo_pid ]]; then
        kill -TERM "$demo_pid" 2>/dev/null || true
        wait "$demo_pid" || true
    fi
    return "$status"
}

interrupted() {
    trap - EXIT
    say ""
    say "Stopping"
    if stop; then exit 0; fi
    fail "the gateway did not end well"
}

choose_upstream
prepare
check_ports
choose_configuration
make_key
trap interrupted INT TERM
trap 'stop || true' EXIT
start
explain
wait "$gateway_pid" || status=$?
gateway_pid=
fail "the gateway ended by itself (${status:-0})"
