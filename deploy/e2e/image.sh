#!/usr/bin/env bash
# Part of `make e2e`. Builds the image, and runs it under the same restrictions as the
# deployment does. It prints the size of the image and how long the container takes to
# start.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need docker curl make go python3

say "Build the image"
build_image
size=$(docker image inspect -f '{{.Size}}' "$image")
note "the size of $image is $size bytes"
((size < 30000000)) || fail "got an image of $size bytes, want less than 30,000,000"
[[ $(docker image inspect -f '{{.Config.User}}' "$image") == 65532:65532 ]] || fail "the image runs as root"
for label in title description source licenses version revision created; do
	value=$(docker image inspect -f "{{index .Config.Labels \"org.opencontainers.image.$label\"}}" "$image")
	[[ -n $value ]] || fail "the image has no label $label"
	note "$label: $value"
done

name=prizegen-e2e-image
trap 'docker rm -f "$name" >/dev/null 2>&1 || true; docker volume rm "$name" >/dev/null 2>&1 || true' EXIT
restricted=(--name "$name" --read-only --cap-drop ALL --security-opt no-new-privileges --memory 128m --pids-limit 100
	--env PRIZEGEN_ADMIN_PASSWORD=e2e --env PRIZEGEN_ADMIN_TOKEN=e2e)
health() { [[ $(docker inspect -f '{{.State.Health.Status}}' "$name") == "$1" ]]; }

say "Check that the image runs read-only, and that a volume keeps the campaigns"
docker run "${restricted[@]}" --volume "$name:/data" "$image" serve >/dev/null 2>&1 && fail "serve created a database"
docker rm "$name" >/dev/null
docker run --rm "${restricted[@]}" --volume "$name:/data" "$image" db create >/dev/null 2>&1 || fail "db create failed"
began=$(now_ms)
docker run -d "${restricted[@]}" --volume "$name:/data" --env TZ=Asia/Kathmandu "$image" serve >/dev/null
created=$(now_ms)
url=http://$(address "$name"):8080
ready=
for _ in {1..3000}; do
	curl -fso /dev/null "$url/readyz" && ready=yes && break
	sleep 0.02
done
[[ -n $ready ]] || fail "the image is not ready after a minute: $(docker logs "$name" 2>&1)"
note "docker run took $((created - began)) ms; the service was ready $(($(now_ms) - created)) ms later"
wait_for "the health check" health healthy
[[ $(docker logs "$name" 2>&1) == *+05:45* ]] || fail "the image does not contain time zones: $(docker logs "$name" 2>&1)"
open_campaign "$url" e2e
note "status --self reports healthy; the log uses the time zone in TZ"
began=$(now_ms)
docker stop -t 60 "$name" >/dev/null
note "docker stop took $(($(now_ms) - began)) ms; exit status $(docker inspect -f '{{.State.ExitCode}}' "$name")"
[[ $(docker inspect -f '{{.State.ExitCode}}' "$name") == 0 ]] || fail "the service did not shut down cleanly"
docker rm "$name" >/dev/null
docker run -d "${restricted[@]}" --volume "$name:/data" "$image" serve >/dev/null
wait_for "the campaign from the first container" curl -fs "http://$(address "$name"):8080/c/welcome"
docker rm -f "$name" >/dev/null

say "Check that the health check uses the address on which the service listens"
docker run -d "${restricted[@]}" --env PRIZEGEN_ROLE=number "$image" serve --listen 0.0.0.0:9999 >/dev/null
wait_for "the health check with --listen" health healthy
docker rm -f "$name" >/dev/null
docker run -d "${restricted[@]}" --env PRIZEGEN_ROLE=text --env PRIZEGEN_LISTEN=:7777 "$image" serve >/dev/null
wait_for "the health check with PRIZEGEN_LISTEN" health healthy
docker rm -f "$name" >/dev/null
docker run -d "${restricted[@]}" --health-interval=1s --health-start-period=0s --env PRIZEGEN_ROLE=core \
	--env PRIZEGEN_TEXT_URL=http://127.0.0.1:1 --volume "$name:/data" "$image" serve >/dev/null
wait_for "a core without its text service to be unhealthy" health unhealthy
note "healthy with --listen and with PRIZEGEN_LISTEN; unhealthy without the text service"
say "Image: passed"
