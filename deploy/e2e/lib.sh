# Functions that the scripts in this folder share. Source this file.
# shellcheck shell=bash disable=SC2034
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# The cache keeps files that are slow to create, such as base systems, for later runs.
cache=${E2E_CACHE:-/var/tmp/prizegen-e2e}
mkdir -p "$cache"

# The base images, under their public names.
nginx_image=nginx:1.30
postgres_image=postgres:18

say() { printf '\n=== %(%H:%M:%S)T %s\n' -1 "$*"; }
note() { printf '    %s\n' "$*"; }
fail() {
	printf 'e2e: FAILED: %s\n' "$*" >&2
	exit 1
}

# need TOOL... skips the test if a tool or the Docker engine is missing. If CI is set, the test
# fails instead.
need() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip "$tool is missing"
	done
	docker info >/dev/null 2>&1 || skip "the Docker engine is not running"
}
skip() {
	[[ -z ${CI:-} ]] || fail "$*"
	echo "e2e: skipped: $*"
	exit 0
}

# wait_for WHAT COMMAND... repeats a command until it succeeds. The limit only stops a test
# that hangs; the outcome must not depend on the speed of the machine.
wait_for() {
	local what=$1 end
	shift
	end=$((SECONDS + ${E2E_PATIENCE:-600}))
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || fail "$what: still waiting after ${E2E_PATIENCE:-600} s"
		sleep 0.5
	done
}

# To match the output of a command, capture it first. If you pipe it into `grep -q`, grep exits
# at the first match, SIGPIPE kills the command, and pipefail turns this into a failure.
# has TEXT PATTERN reports whether a line of TEXT matches a regular expression.
has() { grep -q -e "$2" <<<"$1"; }

now_ms() { date +%s%3N; }

# compose runs Docker Compose: the plugin or, if that is missing, the older docker-compose.
compose() {
	if docker compose version >/dev/null 2>&1; then
		docker compose "$@"
	else
		docker-compose "$@"
	fi
}

# json PATH prints a member of the JSON object on standard input, for example
# draws.0.account.
json() { python3 -c 'import json,sys; v=json.load(sys.stdin)
for k in sys.argv[1].split("."): v=v[int(k)] if isinstance(v,list) else v[k]
print(v if not isinstance(v,bool) else str(v).lower())' "$1"; }

# open_campaign URL TOKEN [CURL OPTION...] creates and opens the campaign "welcome".
open_campaign() {
	local url=$1 request
	request=(curl -sSf -o /dev/null --retry 30 --retry-connrefused -H "Authorization: Bearer $2" -H 'Content-Type: application/json' "${@:3}")
	"${request[@]}" -d '{"name":"welcome"}' "$url/v1/campaigns" || fail "cannot create a campaign at $url"
	"${request[@]}" -X PATCH -d '{"state":"open"}' "$url/v1/campaigns/welcome" || fail "cannot open a campaign at $url"
}

# address CONTAINER prints the IP address of CONTAINER.
address() { docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"; }

# key_travels CONTAINER COMMAND... reports whether the text key of seed 42 is visible in the
# network traffic of a container while a command runs.
key_travels() {
	local container=$1 capture key pid tcpdump
	shift
	capture=$(mktemp -d)
	pid=$(docker inspect -f '{{.State.Pid}}' "$container")
	key=$(printf prizegen/v1/text | openssl dgst -sha256 -hmac 42 -r | cut -d' ' -f1)
	nsenter --target "$pid" --net tcpdump -i any -s 0 -U -w "$capture/packets" tcp 2>"$capture/log" &
	tcpdump=$!
	wait_for "tcpdump" grep -q 'listening on' "$capture/log"
	"$@" >/dev/null
	sleep 1 # until the kernel has passed on the last packets
	kill -INT "$tcpdump"
	wait "$tcpdump" || true
	[[ $(stat -c %s "$capture/packets") -gt 1000 ]] || fail "tcpdump captured nothing: $(cat "$capture/log")"
	local found=1
	grep -q -a "$key" "$capture/packets" && found=0
	rm -rf "$capture"
	return "$found"
}

# The image under test.
export REGISTRY=${REGISTRY:-e2e.local} TAG=${E2E_TAG:-e2e}
image=$REGISTRY/prizegen:$TAG
build_image() {
	note "make -C deploy image REGISTRY=$REGISTRY TAG=$TAG"
	make -s -C "$root/deploy" image REGISTRY="$REGISTRY" TAG="$TAG" >"$cache/image.log" 2>&1 ||
		{ tail -20 "$cache/image.log" >&2 && fail "make -C deploy image failed"; }
}
