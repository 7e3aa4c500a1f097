#!/usr/bin/env bash
# Run this with `make e2e E2E=capacity`. It measures how many plays per second each kind of
# deployment handles on this machine. The services share the CPUs with the visitors and the
# database. No minimum speed is required.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need docker curl go openssl python3
"$root/deploy/e2e/base-images.sh"
[[ -n ${E2E_BUILT:-} ]] || build_image
seconds=${E2E_SECONDS:-15}
visitors=${E2E_VISITORS:-64}

work=$(mktemp -d)
export COMPOSE_PROJECT_NAME=prizegen-e2e-capacity HTTP_PORT=18080 HTTPS_PORT=18443 SUBNET=172.30.85.0/24
export NGINX_CONF=./nginx/nginx-e2e.conf RATE_LIMITS=off
compose_file=(-f "$work/compose.yaml")
cleanup() {
	local code=$?
	docker rm -fv e2e-capacity e2e-capacity-db >/dev/null 2>&1 || true
	[[ ! -e $work/compose.yaml ]] || compose "${compose_file[@]}" down -v >/dev/null 2>&1 || true
	rm -rf "$work"
	exit "$code"
}
trap cleanup EXIT
CGO_ENABLED=0 go build -C "$root" -o "$work/load" ./deploy/e2e/load

# measure WHAT URL [CA] plays as fast as possible, and prints one line with the results.
measure() {
	"$work/load" --url "$2" --ca "${3:-}" --campaign welcome --rate 0 --visitors "$visitors" --only-plays \
		--least 0 --for "${seconds}s" --out /dev/null >"$work/summary.json"
	python3 - "$1" "$work/summary.json" <<'END'
import json, sys
s = json.load(open(sys.argv[2]))
print(f"    {sys.argv[1]:<58} {s['plays'] / s['seconds']:8,.0f} plays/s   p50 {s['p50_ms']:7.1f} ms   p95 {s['p95_ms']:7.1f} ms")
END
}

say "Measure plays per second: $visitors concurrent visitors for $seconds s, $(nproc) CPUs, load average $(cut -d' ' -f1 /proc/loadavg)"
docker run --name e2e-capacity-db --volume /data "$image" db create >/dev/null
docker run -d --name e2e-capacity --volumes-from e2e-capacity-db --env PRIZEGEN_RATE_LIMITS=off --env PRIZEGEN_ADMIN_TOKEN=e2e --env PRIZEGEN_ADMIN_PASSWORD=e2e "$image" serve >/dev/null
url=http://$(address e2e-capacity):8080
wait_for "the process" curl -fs "$url/readyz"
open_campaign "$url" e2e
measure "one process with SQLite" "$url"
docker rm -fv e2e-capacity >/dev/null

cp -R "$root/deploy/nginx" "$root/deploy/compose.yaml" "$root/deploy/setup.sh" "$root/deploy/certificates.sh" "$work/"
"$work/setup.sh" >/dev/null
sed 's/default 0;/default 0; 172.16.0.0\/12 1;/' "$work/nginx/nginx.conf" >"$work/nginx/nginx-e2e.conf"
site=https://localhost:$HTTPS_PORT ca=$work/secrets/tls_cert.pem
# upstreams N sends some requests, and reports whether NGINX distributes them to N cores.
upstreams() {
	local log
	for _ in {1..20}; do curl -fs --cacert "$ca" -o /dev/null "$site/c/welcome"; done
	log=$(compose "${compose_file[@]}" logs --no-color --tail 20 nginx 2>/dev/null)
	[[ $(grep -o '"upstream":"[0-9.]*:8080"' <<<"$log" | sort -u | wc -l) == "$1" ]]
}
for cores in 1 2; do
	compose "${compose_file[@]}" up -d --scale "core=$cores" >"$work/up.log" 2>&1 || { cat "$work/up.log" >&2 && fail "compose up"; }
	wait_for "the site through NGINX" curl -fs --cacert "$ca" "$site/readyz"
	((cores > 1)) || open_campaign "$site" "$(cat "$work/secrets/admin_token")" --cacert "$ca"
	wait_for "$cores cores behind NGINX" upstreams "$cores"
	measure "Compose: NGINX with TLS, $cores core(s), services, PostgreSQL" "$site" "$ca"
done
