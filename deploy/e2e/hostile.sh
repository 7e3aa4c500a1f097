#!/usr/bin/env bash
# Part of `make e2e`. Attacks containers that have the memory limits of the deployment: a
# prize service with rules that take a lot of memory to compile, and a core with requests
# for as many draws as possible. Honest requests must succeed during and after the attacks,
# and neither container may be killed.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need docker curl python3
[[ -n ${E2E_BUILT:-} ]] || build_image

name=prizegen-e2e-hostile
trap 'docker rm -f "$name" >/dev/null 2>&1 || true; docker volume rm "$name" >/dev/null 2>&1 || true' EXIT
docker run --rm --volume "$name:/data" "$image" db create >/dev/null 2>&1 || fail "db create failed"

# start MEMORY ROLE starts a container and sets url.
start() {
	docker run -d --name "$name" --read-only --cap-drop ALL --memory "$1" --memory-swap "$1" --env PRIZEGEN_ADMIN_TOKEN=e2e \
		--env PRIZEGEN_ADMIN_PASSWORD=e2e --env PRIZEGEN_ROLE="$2" --env PRIZEGEN_RATE_LIMITS=off --volume "$name:/data" "$image" \
		serve --listen 0.0.0.0:8080 --log-level debug >/dev/null
	url=http://$(address "$name"):8080
	wait_for "the $2 service" curl -fs "$url/readyz"
	logs=$(docker logs "$name" 2>&1)
	has "$logs" 'memory is limited' || fail "the program did not detect the memory limit of the container: $logs"
}

# survived checks that the container was not killed, and removes it.
survived() {
	local state
	state=$(docker inspect -f '{{.State.OOMKilled}} {{.State.Running}} {{.RestartCount}}' "$name")
	[[ $state == "false true 0" ]] || fail "$1: got state $state, want the container still running: $(docker logs --tail 5 "$name" 2>&1)"
	curl -fso /dev/null "$url/readyz" || fail "$1: not ready afterwards"
	note "$1: survived; peak memory of the container: $(peak) MB"
	docker rm -f "$name" >/dev/null
}
peak() {
	local group
	group=$(docker inspect -f '{{.Id}}' "$name")
	group=$(cat /sys/fs/cgroup/{,system.slice/}docker{/,-}"$group"{,.scope}/memory.peak \
		/sys/fs/cgroup/memory/{,system.slice/}docker{/,-}"$group"{,.scope}/memory.max_usage_in_bytes 2>/dev/null || true)
	group=${group%%$'\n'*} # only the first file that exists
	echo $((${group:-0} >> 20))
}

# attack KIND sends the requests of an attack at the same time, and an honest request every
# half second.
attack() { python3 "$root/deploy/e2e/hostile.py" "$url" "$1" || fail "$1: an honest request failed"; }

say "Send six memory-hungry rules files at a time to a prize service with 256 MB"
start 256m prize
attack rules
survived "the prize service"

say "Request 100,000 draws five times at once from a core with 512 MB"
start 512m all
attack draws
survived "the core"
say "Hostile: passed"
