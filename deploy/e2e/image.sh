#!/usr/bin/env bash
# Builds the image and runs it as strictly as the files of this folder do. Prints its size
# and how long it takes to start.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need docker curl make go python3

say "The image"
build_image
size=$(docker image inspect -f '{{.Size}}' "$image")
note "$image has $size bytes"
((size < 30000000)) || fail "the image has $size bytes, expected less than 30,000,000"
[[ $(docker image inspect -f '{{.Config.User}}' "$image") == 65532:65532 ]] || fail "it runs as root"
for label in title description source licenses version revision created; do
	value=$(docker image inspect -f "{{index .Config.Labels \"org.opencontainers.image.$label\"}}" "$image")
	[[ -n $value ]] || fail "it has no label $label"
	note "$label: $value"
done

name=prizegen-e2e-image
trap 'docker rm -f "$name" >/dev/null 2>&1 || true; docker volume rm "$name" >/dev/null 2>&1 || true' EXIT
strictly=(--name "$name" --read-only --cap-drop ALL --security-opt no-new-privileges --memory 128m --pids-limit 100
	--env PRIZEGEN_ADMIN_PASSWORD=e2e --env PRIZEGEN_ADMIN_TOKEN=e2e)
health() { [[ $(docker inspect -f '{{.State.Health.Status}}' "$name") == "$1" ]]; }
address() { docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$name"; }

say "It starts, read-only, and keeps campaigns in a volume"
began=$(now_ms)
docker run -d "${strictly[@]}" --volume "$name:/data" --env TZ=Asia/Kathmandu "$image" serve >/dev/null
created=$(now_ms)
url=http://$(address):8080
until curl -fso /dev/null "$url/readyz"; do sleep 0.02; done
note "docker run took $((created - began)) ms, and it was ready $(($(now_ms) - created)) ms later"
wait_for 30 "the health check" health healthy
[[ $(docker logs "$name" 2>&1) == *+05:45* ]] || fail "it has no time zones: $(docker logs "$name" 2>&1)"
note "healthy by status --self; its log has the time of the zone that TZ names"
began=$(now_ms)
docker stop "$name" >/dev/null
note "it stopped within $(($(now_ms) - began)) ms with the exit status $(docker inspect -f '{{.State.ExitCode}}' "$name")"
[[ $(docker inspect -f '{{.State.ExitCode}}' "$name") == 0 ]] || fail "it did not end in good order"
docker rm "$name" >/dev/null
docker run -d "${strictly[@]}" --volume "$name:/data" "$image" serve --no-welcome >/dev/null
wait_for 30 "the campaign of before" curl -fs "http://$(address):8080/c/welcome"
docker rm -f "$name" >/dev/null

say "The health check follows whatever address it is told to listen on"
docker run -d "${strictly[@]}" --env PRIZEGEN_ROLE=number "$image" serve --listen 0.0.0.0:9999 >/dev/null
wait_for 30 "the health check with --listen" health healthy
docker rm -f "$name" >/dev/null
docker run -d "${strictly[@]}" --env PRIZEGEN_ROLE=text --env PRIZEGEN_LISTEN=:7777 "$image" serve >/dev/null
wait_for 30 "the health check with PRIZEGEN_LISTEN" health healthy
docker rm -f "$name" >/dev/null
docker run -d "${strictly[@]}" --health-interval=1s --health-start-period=0s --env PRIZEGEN_ROLE=core \
	--env PRIZEGEN_TEXT_URL=http://127.0.0.1:1 --tmpfs /data:uid=65532 "$image" serve >/dev/null
wait_for 60 "a core without its text service to be ill" health unhealthy
note "with --listen, with PRIZEGEN_LISTEN, and not without the service that it needs"
say "The image: all is well"
