#!/usr/bin/env bash
# Part of `make e2e`. Starts the services from a clean clone with Compose, and plays once.
# It checks that the draw is still in PostgreSQL after a restart.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need docker curl git openssl python3 tcpdump nsenter
"$root/deploy/e2e/base-images.sh"
[[ -n ${E2E_BUILT:-} ]] || build_image

say "Make a clean clone"
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
# Also test the uncommitted changes.
git -C "$root" diff HEAD --binary -- deploy | git -C "$clone" apply --allow-empty
"$clone/deploy/setup.sh" >/dev/null
[[ $(stat -c %a "$clone/deploy/secrets") == 700 ]] || fail "other users can list the secrets"

say "Run compose up"
began=$(now_ms)
up
note "started in $(($(now_ms) - began)) ms"
site=https://localhost:$HTTPS_PORT
get() { curl -sS --fail-with-body --cacert "$clone/deploy/secrets/tls_cert.pem" "$@"; }
wait_for "the site through NGINX" get -o /dev/null "$site/readyz"
open_campaign "$site" "$(cat "$clone/deploy/secrets/admin_token")" --cacert "$clone/deploy/secrets/tls_cert.pem"
[[ $(curl -s -o /dev/null -w '%{http_code}' "http://localhost:$HTTP_PORT/c/welcome") == 308 ]] || fail "HTTP is not redirected to HTTPS"
ports=$(docker ps --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" --format '{{.Names}} {{.Ports}}')
published=$(grep -c -- '->' <<<"$ports" || true)
[[ $published == 1 ]] || fail "got $published containers that publish ports, want only NGINX: $ports"
for service in text number prize; do
	[[ $(get "$site/v1/$service/status" | json ready) == true ]] || fail "NGINX cannot reach the $service service"
done
headers=$(get -D - -o /dev/null "$site/c/welcome")
doubled=$(cut -d: -f1 <<<"$headers" | tr '[:upper:]' '[:lower:]' | grep -vx 'set-cookie\|vary' | sort | uniq -d)
[[ -z $doubled ]] || fail "duplicate headers: $doubled"
note "the site responds at $site; only NGINX publishes ports"

say "Play once"
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
[[ $(rows "SELECT count(*) FROM draws") == 1 ]] || fail "got $(rows "SELECT count(*) FROM draws") draws in PostgreSQL, want 1"
note "the draw is stored in PostgreSQL"
receives_events() {
	local events
	events=$(get --no-buffer --max-time 3 -H 'Accept: text/event-stream' "$site/c/welcome/events" 2>/dev/null || true)
	[[ $events == *data:* ]]
}
wait_for "live events through NGINX" receives_events
[[ $(compose -f "$clone/deploy/compose.yaml" logs --no-color nginx 2>/dev/null) == *'"request_id":"'* ]] || fail "the NGINX log does not contain request IDs"

say "Look for keys on the network of the services"
core_container() { compose -f "$clone/deploy/compose.yaml" ps -q core; }
free_draws() { for _ in {1..3}; do get -X POST "$site/v1/draws" -H 'Content-Type: application/json' -d '{"seed":"42"}'; done; }
if key_travels "$(core_container)" free_draws; then fail "a key is visible on the network"; fi
export ALLOW_PLAIN_HTTP=true SERVICE_SCHEME=http
up
wait_for "the site through NGINX" get -o /dev/null "$site/c/welcome"
key_travels "$(core_container)" free_draws || fail "no key is visible without TLS, so the capture shows nothing"
unset ALLOW_PLAIN_HTTP SERVICE_SCHEME
up
wait_for "the site through NGINX" get -o /dev/null "$site/c/welcome"
note "the key is visible without TLS, but not with TLS"

say "Make a backup, as described in docs/deploy.md"
mkdir -m 777 "$clone/backups"
compose -f "$clone/deploy/compose.yaml" run --rm -v "$clone/backups:/backups" core db backup /backups/monday.db >/dev/null 2>&1 || fail "the backup failed"
[[ -s $clone/backups/monday.db ]] || fail "the backup is empty"
note "$(stat -c %s "$clone/backups/monday.db") bytes"

say "Run compose down, then compose up again"
down
up
wait_for "the site through NGINX" get -o /dev/null "$site/c/welcome"
[[ $(get "$site/v1/draws/$id" | json account) == "$(json account <<<"$drawn")" ]] || fail "the draw is lost"
[[ $(play e2e-key-1 | json id) == "$id" ]] || fail "the same key made a second draw"
note "the draw is still there, and the same key makes no second draw"
say "Compose: passed"
