# What the scripts of this folder share; to be sourced.
# shellcheck shell=bash disable=SC2034
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Where slow things are kept from one run to the next: base systems, tools.
cache=${E2E_CACHE:-/var/tmp/prizegen-e2e}
mkdir -p "$cache"

# The base images, under the names that the public ones have.
nginx_image=nginx:1.30
postgres_image=postgres:18

say() { printf '\n=== %(%H:%M:%S)T %s\n' -1 "$*"; }
note() { printf '    %s\n' "$*"; }
fail() {
	printf 'e2e: FAILED: %s\n' "$*" >&2
	exit 1
}

# need TOOL...: the test can't be run without them. Under CI that is a failure.
need() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null && continue
		[[ -n ${CI:-} ]] && fail "$tool is missing"
		echo "e2e: skipped, since $tool is missing"
		exit 0
	done
	docker info >/dev/null 2>&1 || {
		[[ -n ${CI:-} ]] && fail "no Docker engine answers"
		echo "e2e: skipped, since no Docker engine answers"
		exit 0
	}
}

# wait_for SECONDS WHAT COMMAND...: repeats the command until it succeeds.
wait_for() {
	local seconds=$1 what=$2 end
	shift 2
	end=$((SECONDS + seconds))
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || fail "$what: not within $seconds s"
		sleep 0.5
	done
}

now_ms() { date +%s%3N; }

# compose runs whichever Compose there is.
compose() {
	if docker compose version >/dev/null 2>&1; then
		docker compose "$@"
	else
		docker-compose "$@"
	fi
}

# json FILTER: reads a member of a JSON object on standard input; jq without jq.
json() { python3 -c 'import json,sys; v=json.load(sys.stdin)
for k in sys.argv[1].split("."): v=v[int(k)] if isinstance(v,list) else v[k]
print(v if not isinstance(v,bool) else str(v).lower())' "$1"; }

# The image under test.
export REGISTRY=${REGISTRY:-e2e.local} TAG=${E2E_TAG:-e2e}
image=$REGISTRY/prizegen:$TAG
build_image() {
	note "make image REGISTRY=$REGISTRY TAG=$TAG"
	make -s -C "$root" image REGISTRY="$REGISTRY" TAG="$TAG" >"$cache/image.log" 2>&1 ||
		{ tail -20 "$cache/image.log" >&2 && fail "make image"; }
}
