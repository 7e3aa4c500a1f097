#!/usr/bin/env bash
# Makes sure that what the tests call is there: a C compiler for the race
# detector, git, xxd, openssl, tmux, promtool of Prometheus, PostgreSQL, NGINX and Chromium. On Debian and its kin
# it installs what is missing, given root or sudo without a password; elsewhere
# it names it. `deps.sh bench` makes sure of what the measurements call instead: wrk,
# NGINX, gunicorn, Flask and PostgreSQL. `deps.sh e2e` makes sure of what the tests of the
# deployment call besides a Docker engine.
set -euo pipefail

fail() {
	echo "deps: $*" >&2
	exit 1
}

command -v go >/dev/null || fail "go is missing: install Go 1.26 or newer from https://go.dev/dl/"

# can_compile tells whether the C compiler that Go calls finds the C library.
can_compile() {
	local cc
	cc=$(go env CC)
	command -v "${cc%% *}" >/dev/null &&
		echo '#include <stdlib.h>' | $cc -E -x c - >/dev/null 2>&1
}

missing=()
if [[ ${1:-} == bench ]]; then
	for tool in wrk gunicorn; do
		command -v "$tool" >/dev/null || missing+=("$tool")
	done
	PATH=$PATH:/usr/sbin command -v nginx >/dev/null || missing+=(nginx-light)
	for module in flask requests; do
		/usr/bin/python3 -c "import $module" 2>/dev/null || missing+=("python3-$module")
	done
elif [[ ${1:-} == e2e ]]; then
	for tool in curl debootstrap docker-registry git groovy openssl python3 rpm shellcheck yamllint ansible-lint; do
		command -v "$tool" >/dev/null || missing+=("$tool")
	done
	command -v ansible-playbook >/dev/null || missing+=(ansible)
	[[ -n ${JAVA_HOME:-} || -e /usr/lib/jvm/default-java ]] || missing+=(default-jre-headless) # where groovy looks
	/usr/bin/python3 -c 'import yaml' 2>/dev/null || missing+=(python3-yaml)
else
	can_compile || missing+=(gcc libc6-dev)
	for tool in git xxd openssl tmux; do
		command -v "$tool" >/dev/null || missing+=("$tool")
	done
	command -v promtool >/dev/null || missing+=(prometheus)
	command -v chromium >/dev/null || missing+=(chromium)
	command -v nginx >/dev/null || [[ -x /usr/sbin/nginx ]] || missing+=(nginx-light)
fi
[[ ${1:-} == e2e ]] || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || command -v initdb >/dev/null || missing+=(postgresql)
((${#missing[@]})) || exit 0

command -v apt-get >/dev/null || fail "missing: ${missing[*]}; install them, then run this again"
as_root=()
if ((EUID != 0)); then
	sudo -n true 2>/dev/null ||
		fail "missing: ${missing[*]}; as root run: apt-get install ${missing[*]}"
	as_root=(sudo -n)
fi

echo "deps: installing ${missing[*]}" >&2
apt() {
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >&2
}
apt update || echo "deps: apt-get update failed; trying with the package lists at hand" >&2
apt install -y --no-install-recommends "${missing[@]}" ||
	fail "could not install: ${missing[*]}"
