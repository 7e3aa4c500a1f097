#!/usr/bin/env bash
# Checks that the programs for a make target are installed. On Debian, it installs missing
# packages if it may (as root, or with sudo without a password); otherwise it lists them.
#
#	scripts/deps.sh          for `make test`
#	scripts/deps.sh bench    for `make bench`
#	scripts/deps.sh e2e      for `make e2e`, which also needs a Docker engine
set -euo pipefail

fail() {
	echo "deps: $*" >&2
	exit 1
}

command -v go >/dev/null || fail "go is missing: install Go 1.26 or newer from https://go.dev/dl/"

# can_compile reports whether the C compiler that Go uses finds the C library.
can_compile() {
	local cc
	cc=$(go env CC)
	command -v "${cc%% *}" >/dev/null &&
		$cc -E -x c - <<<'#include <stdlib.h>' >/dev/null 2>&1
}

missing=()
# need PACKAGE COMMAND adds PACKAGE to the missing packages if COMMAND is not installed.
need() {
	PATH=$PATH:/usr/sbin command -v "$2" >/dev/null || missing+=("$1")
}
need_postgresql() {
	compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || need postgresql initdb
}

case ${1:-} in
bench)
	need wrk wrk
	need gunicorn gunicorn
	need nginx-light nginx
	for module in flask requests; do
		/usr/bin/python3 -c "import $module" 2>/dev/null || missing+=("python3-$module")
	done
	need_postgresql
	;;
e2e)
	for tool in curl debootstrap docker-registry git groovy openssl python3 rpm shellcheck yamllint ansible-lint tcpdump; do
		need "$tool" "$tool"
	done
	need ansible ansible-playbook
	[[ -n ${JAVA_HOME:-} || -e /usr/lib/jvm/default-java ]] || missing+=(default-jre-headless) # for groovy
	/usr/bin/python3 -c 'import yaml' 2>/dev/null || missing+=(python3-yaml)
	;;
*)
	can_compile || missing+=(gcc libc6-dev) # for the race detector
	for tool in git xxd openssl tmux chromium python3; do
		need "$tool" "$tool"
	done
	need prometheus promtool
	need nginx-light nginx
	need_postgresql
	;;
esac
((${#missing[@]})) || exit 0

command -v apt-get >/dev/null || fail "missing: ${missing[*]}; install them and try again"
as_root=()
if ((EUID != 0)); then
	sudo -n true 2>/dev/null ||
		fail "missing: ${missing[*]}; run as root: apt-get install ${missing[*]}"
	as_root=(sudo -n)
fi

echo "deps: installing ${missing[*]}" >&2
apt() {
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -qq -o DPkg::Lock::Timeout=300 "$@" >&2
}
apt update || echo "deps: apt-get update failed; using the existing package lists" >&2
apt install -y --no-install-recommends "${missing[@]}" ||
	fail "could not install: ${missing[*]}"
