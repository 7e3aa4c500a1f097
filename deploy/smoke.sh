#!/bin/sh
# Checks from outside that a deployed site works:
#
#   deploy/smoke.sh https://play.example.org [CAMPAIGN]
#
# It makes draws without storing them. If you name a campaign, it also makes a play and
# repeats it with the same once-only key: both responses must contain the same draw.
# CURL_OPTIONS=-k accepts a self-signed certificate. If VERSION is set, that version must be
# running.
set -eu
url=${1:?"missing the URL of the site, such as https://play.example.org"}
campaign=${2:-}

fail() {
	echo "smoke: $*" >&2
	exit 1
}
# shellcheck disable=SC2086 # CURL_OPTIONS may hold several options
get() { curl -sS --fail-with-body --max-time 60 --retry 10 --retry-delay 1 --retry-all-errors ${CURL_OPTIONS:-} "$@"; }
# contains TEXT PART reports whether TEXT contains PART.
contains() { case $1 in *"$2"*) ;; *) return 1 ;; esac }

get "$url/readyz" >/dev/null || fail "$url is not ready"
page=$(get "$url/") || fail "$url does not show its home page"
contains "$page" '<html' || contains "$page" '<HTML' || fail "the home page of $url is not HTML"
status=$(get "$url/v1/core/status") || fail "the core does not report its status"
if [ -n "${VERSION:-}" ]; then
	contains "$status" "\"version\":\"$VERSION\"" || fail "got status $status, want version $VERSION"
fi
for part in text number; do
	answer=$(get "$url/v1/$part?count=3") || fail "the $part service failed"
	contains "$answer" "\"${part}s\":[\"" || fail "unexpected response from the $part service: $answer"
done
answer=$(get "$url/v1/prize" -H 'Content-Type: application/json' -d '{"accounts":["abcd1234"]}') || fail "the prize service failed"
contains "$answer" '"outcomes":[{' || fail "unexpected response from the prize service: $answer"
# The same seed gives the same draws in every deployment.
answer=$(get "$url/v1/draws" -H 'Content-Type: application/json' \
	-d '{"seed":"42","start":9,"text_format":"lower4","number_format":"digits4"}') || fail "a draw failed"
contains "$answer" '"account":"awsn5676"' || fail "wrong draw for seed 42: $answer"

if [ -n "$campaign" ]; then
	key="smoke-$(date +%s)-$$"
	play() {
		get "$url/v1/draws" -H 'Content-Type: application/json' -H "Idempotency-Key: \"$key\"" \
			-d "{\"campaign\":\"$campaign\",\"entrant\":{\"first_name\":\"Smoke\",\"last_name\":\"Test\"}}"
	}
	first=$(play) || fail "a play in campaign $campaign failed"
	[ "$(play)" = "$first" ] || fail "the same once-only key made a second draw"
fi
echo "smoke: $url works"
