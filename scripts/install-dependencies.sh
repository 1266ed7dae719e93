#!/usr/bin/env bash
# Installs what is missing: scripts/install-dependencies.sh build|test|bench|bench-all|bench-check
#
#   build         what compiles and runs the gateway (`make run`)
#   test          that, the command line clients and the Python ones in .venv (`make test`)
#   bench         that, and the proxy the gateway is measured against (`make bench`)
#   bench-all     that, and five more: three of Debian's, two from PyPI in build/peers
#   bench-check   that, and valgrind (`make bench-check`)
#
# As root it installs the Debian packages; otherwise it prints the exact command and exits 1.
set -euo pipefail
cd "$(dirname "$0")/.."

purpose=${1:-build}
packages=(ca-certificates curl g++ libnghttp2-dev libsimdjson-dev libssl-dev libyaml-dev openssl
    pkg-config)
case $purpose in
    build) ;;
    test) packages+=(nghttp2-client python3 python3-venv) ;;
    bench) packages+=(nghttp2-client nghttp2-proxy python3 util-linux) ;;
    bench-all)
        packages+=(nghttp2-client nghttp2-proxy haproxy nginx-light h2o python3 python3-venv
            util-linux)
        ;;
    bench-check) packages+=(binutils nghttp2-client python3 util-linux valgrind) ;;
    *)
        echo "usage: $0 build|test|bench|bench-all|bench-check" >&2
        exit 2
        ;;
esac

is_installed() {
    [[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) == "install ok installed" ]]
}

# A Python or curl of one's own, not Debian's, will do as well.
is_provided() {
    case $1 in
        python3) command -v python3 >/dev/null ;;
        python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null ;;
        curl | openssl) command -v "$1" >/dev/null ;;
        g++) command -v g++ >/dev/null || command -v clang++ >/dev/null ;;
        *) return 1 ;;
    esac
}

install_packages() {
    local missing=()
    for package in "${packages[@]}"; do
        is_installed "$package" || is_provided "$package" || missing+=("$package")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    if [[ $EUID -ne 0 ]]; then
        echo "Debian packages are missing. Install them with:" >&2
        local install="apt-get install -y --no-install-recommends ${missing[*]}"
        echo "    sudo apt-get update && sudo $install" >&2
        exit 1
    fi
    echo "Installing ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

check_swift() {
    if ! command -v swift >/dev/null; then
        echo "The Swift toolchain (6.2 or later) is missing or not in PATH:" >&2
        echo "    https://www.swift.org/install/linux/" >&2
        exit 1
    fi
}

# The Python clients; made anew only when the list has changed.
install_python_clients() {
    local wanted=Tests/Conformance/requirements.txt
    if cmp -s "$wanted" .venv/installed.txt; then return 0; fi
    echo "Installing the Python clients into .venv"
    [[ -x .venv/bin/python ]] || python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$wanted"
    cp "$wanted" .venv/installed.txt
}

# Rivals from PyPI, each in an environment of its own, since they disagree about what they need.
install_rivals() {
    while read -r name package; do
        local folder=build/peers/$name
        if [[ -f $folder/installed && $(<"$folder/installed") == "$package" ]]; then continue; fi
        echo "Installing $package into $folder"
        python3 -m venv "$folder"
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$package"
        echo "$package" >"$folder/installed"
    done <benchmarks/rivals.txt
}

install_packages
check_swift
if [[ $purpose == bench-all ]]; then install_rivals; fi
if [[ $purpose == test ]]; then install_python_clients; fi
