#!/usr/bin/env bash
# Part of `make e2e`. Starts a clean clone with Compose and plays. PostgreSQL keeps the
# draw after a restart.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need docker curl git openssl python3
"$root/deploy/e2e/base-images.sh"
[[ -n ${E2E_BUILT:-} ]] || build_image

say "A clean clone"
clone=$(mktemp -d)
export COMPOSE_PROJECT_NAME=prizegen-e2e HTTP_PORT=18080 HTTPS_PORT=18443 SUBNET=172.30.84.0/24
up() { compose -f "$clone/deploy/compose.yaml" up -d >"$clone/up.log" 2>&1 || { cat "$clone/up.log" >&2 && fail "compose up"; }; }
down() { compose -f "$clone/deploy/compose.yaml" down >/dev/null 2>&1; }
cleanup() {
	local code=$?
	((code == 0)) || compose -f "$clone/deploy/compose.yaml" logs --tail=20 2>&1 | tail -80
	compose -f "$clone/deploy/compose.yaml" down -v >/dev/null 2>&1 || true
	rm -rf "$clone"
	exit "$code"
}
trap cleanup EXIT
git clone -q "$root" "$clone"
# Test the uncommitted changes as well.
git -C "$root" diff HEAD --binary -- deploy | git -C "$clone" apply --allow-empty
"$clone/deploy/setup.sh" >/dev/null
[[ $(stat -c %a "$clone/deploy/secrets") == 700 ]] || fail "other users can list the secrets"

say "compose up"
began=$(now_ms)
up
note "up in $(($(now_ms) - began)) ms"
site=https://localhost:$HTTPS_PORT
get() { curl -sS --fail-with-body --cacert "$clone/deploy/secrets/tls_cert.pem" "$@"; }
wait_for "the site through NGINX" get -o /dev/null "$site/c/welcome"
[[ $(curl -s -o /dev/null -w '%{http_code}' "http://localhost:$HTTP_PORT/c/welcome") == 308 ]] || fail "HTTP is not redirected"
ports=$(docker ps --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" --format '{{.Names}} {{.Ports}}')
published=$(grep -c -- '->' <<<"$ports" || true)
[[ $published == 1 ]] || fail "$published containers publish ports, want NGINX alone: $ports"
for service in text number prize; do
	[[ $(get "$site/v1/$service/status" | json ready) == true ]] || fail "NGINX does not reach the $service service"
done
headers=$(get -D - -o /dev/null "$site/c/welcome")
doubled=$(cut -d: -f1 <<<"$headers" | tr '[:upper:]' '[:lower:]' | grep -vx 'set-cookie\|vary' | sort | uniq -d)
[[ -z $doubled ]] || fail "duplicate headers: $doubled"
note "the site answers at $site; only NGINX publishes ports"

say "A play"
play() { # play KEY
	get -X POST "$site/v1/draws" -H 'Content-Type: application/json' -H "Idempotency-Key: $1" \
		-d '{"campaign":"welcome","entrant":{"first_name":"Ada","last_name":"Lovelace"}}'
}
drawn=$(play e2e-key-1)
id=$(json id <<<"$drawn")
note "$drawn"
rows() {
	compose -f "$clone/deploy/compose.yaml" exec -T database psql -qtAX -U prizegen -d prizegen -c "$1" | tr -d '\r'
}
[[ $(rows "SELECT count(*) FROM draws") == 1 ]] || fail "PostgreSQL has $(rows "SELECT count(*) FROM draws") draws, want 1"
note "PostgreSQL stores the draw"
receives_events() {
	local events
	events=$(get --no-buffer --max-time 3 -H 'Accept: text/event-stream' "$site/c/welcome/events" 2>/dev/null || true)
	[[ $events == *data:* ]]
}
wait_for "live events through NGINX" receives_events
[[ $(compose -f "$clone/deploy/compose.yaml" logs --no-color nginx 2>/dev/null) == *'"request_id":"'* ]] || fail "the log of NGINX has no request ids"

say "A backup, as in docs/deploy.md"
mkdir -m 777 "$clone/backups"
compose -f "$clone/deploy/compose.yaml" run --rm -v "$clone/backups:/backups" core db backup /backups/monday.db >/dev/null 2>&1 || fail "the backup failed"
[[ -s $clone/backups/monday.db ]] || fail "the backup is empty"
note "$(stat -c %s "$clone/backups/monday.db") bytes"

say "compose down and up again"
down
up
wait_for "the site through NGINX" get -o /dev/null "$site/c/welcome"
[[ $(get "$site/v1/draws/$id" | json account) == "$(json account <<<"$drawn")" ]] || fail "the draw is lost"
[[ $(play e2e-key-1 | json id) == "$id" ]] || fail "the key made a second draw"
note "the draw is still there, and its key makes no second one"
say "Compose: passed"
