#!/bin/sh
# Looks whether a site that was just deployed works, from outside:
#
#   deploy/smoke.sh https://play.example.org [CAMPAIGN]
#
# It draws without storing anything. With a campaign made for it, it plays that one as
# well, twice with one once-only key: the second answer must be the first one's draw.
# CURL_OPTIONS=-k is for a certificate that nobody signed. VERSION is what must run.
set -eu
url=${1:?"expected the address of the site, such as https://play.example.org"}
campaign=${2:-}

fail() {
	echo "smoke: $*" >&2
	exit 1
}
# shellcheck disable=SC2086 # several options
get() { curl -sS --fail-with-body --max-time 15 --retry 10 --retry-delay 1 --retry-all-errors ${CURL_OPTIONS:-} "$@"; }

get "$url/readyz" >/dev/null || fail "$url is not ready"
get "$url/" | grep -qi '<html' || fail "$url has no page"
status=$(get "$url/v1/core/status") || fail "the core does not tell its status"
if [ -n "${VERSION:-}" ]; then
	echo "$status" | grep -qF "\"version\":\"$VERSION\"" || fail "not version $VERSION: $status"
fi
for part in text number; do
	get "$url/v1/$part?count=3" | grep -q "\"${part}s\":\[\"" || fail "no $part is made"
done
get "$url/v1/prize" -H 'Content-Type: application/json' -d '{"accounts":["abcd1234"]}' | grep -q '"outcomes":\[{' ||
	fail "no prize is decided"
# The same seed gives the same draws, whatever is deployed.
answer=$(get "$url/v1/draws" -H 'Content-Type: application/json' \
	-d '{"seed":"42","start":9,"text_format":"lower4","number_format":"digits4"}') || fail "no draw is made"
echo "$answer" | grep -q '"account":"awsn5676"' || fail "seed 42 gives other draws: $answer"

if [ -n "$campaign" ]; then
	key="smoke-$(date +%s)-$$"
	play() {
		get "$url/v1/draws" -H 'Content-Type: application/json' -H "Idempotency-Key: \"$key\"" \
			-d "{\"campaign\":\"$campaign\",\"entrant\":{\"first_name\":\"Smoke\",\"last_name\":\"Test\"}}"
	}
	first=$(play) || fail "a play of $campaign is refused"
	[ "$(play)" = "$first" ] || fail "a once-only key has made a second draw"
fi
echo "smoke: $url works"
