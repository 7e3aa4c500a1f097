#!/usr/bin/env bash
# Part of `make e2e`. Pushes the image to a registry, pulls it from there and runs it. It
# also builds the program with modules from a proxy. For Nexus and other repository
# managers, the same two variables are enough: REGISTRY and GOPROXY.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
registry=$(command -v docker-registry || command -v registry || true)
[[ -n $registry ]] || need docker-registry
need docker curl go make python3

work=$(mktemp -d)
started=()
cleanup() {
	local code=$?
	((${#started[@]} == 0)) || kill "${started[@]}" 2>/dev/null || true
	docker rmi "$REGISTRY/prizegen:registry" "$REGISTRY/prizegen:latest" >/dev/null 2>&1 || true
	chmod -R u+w "$work" # because Go makes downloaded modules read-only
	((code)) || rm -rf "$work"
	exit "$code"
}
trap cleanup EXIT

say "Start a registry"
export REGISTRY=127.0.0.1:15000
cat >"$work/registry.yml" <<END
version: 0.1
log: {level: warn}
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "$REGISTRY"}
END
"$registry" serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
started+=($!)
wait_for "the registry" curl -fs "http://$REGISTRY/v2/"

say "Run make -C deploy image push REGISTRY=$REGISTRY"
make -s -C "$root/deploy" image push REGISTRY="$REGISTRY" TAG=registry >"$work/push.log" 2>&1 || { tail "$work/push.log" >&2 && fail "the push failed"; }
pushed=$(docker image inspect -f '{{.Id}}' "$REGISTRY/prizegen:registry")
docker rmi "$REGISTRY/prizegen:registry" "$REGISTRY/prizegen:latest" >/dev/null
docker image inspect "$REGISTRY/prizegen:registry" >/dev/null 2>&1 && fail "the image was not removed"
docker pull -q "$REGISTRY/prizegen:registry" >/dev/null
[[ $(docker image inspect -f '{{.Id}}' "$REGISTRY/prizegen:registry") == "$pushed" ]] || fail "a different image was pulled"
drawn=$(docker run --rm "$REGISTRY/prizegen:registry" draw --seed 42 --start 9 -o csv)
[[ $drawn == *'9,awsn5676,starts with A,£50.00,5000,GBP'* ]] || fail "unexpected draw from the pulled image: $drawn"
note "pushed, removed, pulled and ran image ${pushed:7:12}"

say "Download modules through a proxy"
# The module cache on disk has the same layout as a module proxy.
(cd "$(go env GOMODCACHE)/cache/download" && exec python3 -m http.server --bind 127.0.0.1 13001 >"$work/proxy.log" 2>&1) &
started+=($!)
wait_for "the proxy" curl -fs "http://127.0.0.1:13001/"
GOPROXY=http://127.0.0.1:13001 GONOSUMDB='*' GOFLAGS=-mod=readonly GOMODCACHE=$work/modules \
	make -s -C "$root" build BIN="$work/prizegen" >"$work/build.log" 2>&1 || { tail "$work/build.log" >&2 && fail "the build failed"; }
"$work/prizegen" version >/dev/null
modules=$(grep -c '\.zip HTTP/1.1" 200' "$work/proxy.log")
((modules > 0)) || fail "the build did not use the proxy"
note "built with $modules modules from the proxy"
say "Registry: passed"
