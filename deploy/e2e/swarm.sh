#!/usr/bin/env bash
# Part of `make e2e`. Deploys the stack in a swarm on this machine, with two replicas of
# each service. While visitors play through NGINX, it updates the services, swaps
# implementations, kills replicas and deploys broken releases. It checks that no play fails,
# that no index is missing, and that verification of the campaign succeeds.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need docker curl go openssl python3 tcpdump nsenter
"$root/deploy/e2e/base-images.sh"
[[ -n ${E2E_BUILT:-} ]] || build_image

stack=e2e
site=https://localhost:18443
rate=${E2E_RATE:-25}      # visitors per second; each sends three requests
least=${E2E_LEAST:-20000} # minimum number of requests
work=$(mktemp -d)
export HTTP_PORT=18080 HTTPS_PORT=18443 SUBNET=10.84.0.0/20 CONFIGS=e2e SECRETS=e2e
export NGINX_CONF=./nginx/nginx-e2e.conf

cleanup() {
	local code=$?
	[[ -z ${load:-} ]] || kill -KILL "$load" 2>/dev/null || true
	[[ -z ${relay:-} ]] || kill "$relay" 2>/dev/null || true
	if ((code)); then
		docker stack ps --no-trunc --format '{{.Name}} {{.DesiredState}} {{.CurrentState}} {{.Error}}' "$stack" | sed -n 1,40p
		for service in core nginx; do docker service logs --tail 5 "${stack}_$service" 2>&1 | cut -c1-300; done
	fi
	docker stack rm "$stack" >/dev/null 2>&1 || true
	[[ -z ${swarm:-} ]] || docker swarm leave --force >/dev/null 2>&1 || true
	for _ in {1..600}; do # until the containers have stopped
		docker volume rm "${stack}_database" >/dev/null 2>&1 && break
		docker volume inspect "${stack}_database" >/dev/null 2>&1 || break
		sleep 1
	done
	if ((code)) || [[ -n ${E2E_KEEP:-} ]]; then
		echo "e2e: the measurements are in $work"
	else
		rm -rf "$work"
	fi
	exit "$code"
}
trap cleanup EXIT

say "Create a swarm"
if [[ $(docker info -f '{{.Swarm.LocalNodeState}}') == inactive ]]; then
	docker swarm init --advertise-addr 127.0.0.1 >/dev/null
	swarm=ours
fi
docker node update --label-add prizegen.database=true "$(docker info -f '{{.Swarm.NodeID}}')" >/dev/null

cp -R "$root/deploy/nginx" "$root/deploy/stack.yaml" "$root/deploy/setup.sh" "$root/deploy/certificates.sh" "$root/deploy/e2e/stack-dnsrr.yaml" "$work/"
"$work/setup.sh" >/dev/null
# All visitors in the test share one address, so exempt it from the limits.
export RATE_LIMITS=off
sed 's/default 0;/default 0; 172.16.0.0\/12 1; 10.0.0.0\/8 1;/' "$work/nginx/nginx.conf" >"$work/nginx/nginx-e2e.conf"
# The stack starts without TLS between the services, and switches to TLS during the test.
sed 's/default https;/default http;/' "$work/nginx/nginx-e2e.conf" >"$work/nginx/plain.conf"
export ALLOW_PLAIN_HTTP=true SERVICE_SCHEME=http NGINX_CONF=./nginx/plain.conf
files=(-c "$work/stack.yaml")
if [[ -z ${E2E_WHOLE_KERNEL:-} ]]; then
	note "virtual addresses and encryption are off, because test machines often lack IPVS and ESP (E2E_WHOLE_KERNEL=1 turns both on)"
	sed -i '/driver_opts:$/{N;/encrypted/d}' "$work/stack.yaml"
	files+=(-c "$work/stack-dnsrr.yaml")
fi

say "Run docker stack deploy"
docker stack deploy --resolve-image never "${files[@]}" "$stack" >/dev/null
# running SERVICE reports whether all replicas of a service are healthy.
running() {
	local replicas
	replicas=$(docker service ls --filter "name=${stack}_$1" --format '{{.Replicas}}')
	[[ ${replicas%/*} == "${replicas#*/}" ]]
}
for service in database text number prize core nginx; do
	wait_for "the $service service" running "$service"
done
get() { curl -sS --fail-with-body --cacert "$work/secrets/tls_cert.pem" "$@"; }
wait_for "the site through NGINX" get -o /dev/null "$site/campaigns"
docker service ls --format '    {{.Name}} {{.Replicas}}'

say "Open a campaign and start $rate visitors per second"
holder=$(docker create "$image")
docker cp "$holder:/usr/bin/prizegen" "$work/prizegen" >/dev/null
docker rm "$holder" >/dev/null
export SSL_CERT_FILE=$work/secrets/tls_cert.pem PRIZEGEN_ADMIN_TOKEN_FILE=$work/secrets/admin_token PRIZEGEN_CORE_URL=$site PRIZEGEN_CONFIG=/dev/null
"$work/prizegen" campaign create rush --open >/dev/null 2>&1
CGO_ENABLED=0 go build -C "$root" -o "$work/load" ./deploy/e2e/load
CGO_ENABLED=0 go build -C "$root" -o "$work/drand" ./deploy/e2e/relay
"$work/load" --url "$site" --ca "$work/secrets/tls_cert.pem" --campaign rush --rate "$rate" --least "$least" \
	--out "$work/plays.ndjson" >"$work/summary.json" 2>"$work/load.log" &
load=$!
playing() { [[ -s $work/plays.ndjson ]] || ! kill -0 "$load" 2>/dev/null; }
wait_for "the first play" playing
kill -0 "$load" || fail "the load generator exited early: $(cat "$work/load.log")"

# update SERVICE STATE ARGUMENTS... updates SERVICE and waits until the update reaches a
# final state, which must be STATE.
update() {
	local service=$1 wanted=$2 began=$SECONDS state
	shift 2
	docker service update --detach --no-resolve-image "$@" "${stack}_$service" >/dev/null
	while true; do
		sleep 1
		state=$(docker service inspect -f '{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}' "${stack}_$service")
		case $state in
		"$wanted") break ;;
		completed | paused | rollback_completed | rollback_paused) fail "$service: got state $state after the update, want $wanted" ;;
		esac
		((SECONDS - began < 1800)) || fail "$service: the update did not finish; its state is $state"
	done
	wait_for "the replicas of $service" running "$service"
	note "$service: $state after $((SECONDS - began)) s   $*"
}
# change_stack deploys the stack again and waits until all updates have finished.
change_stack() {
	local service state began=$SECONDS
	docker stack deploy --resolve-image never "${files[@]}" "$stack" >/dev/null
	sleep 3
	for service in text number prize core nginx; do
		while true; do
			state=$(docker service inspect -f '{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}' "${stack}_$service")
			case $state in
			completed | '') break ;;
			paused | rollback_*) fail "$service: got state $state after the change" ;;
			esac
			((SECONDS - began < 1800)) || fail "$service: the update did not finish; its state is $state"
			sleep 1
		done
		wait_for "the replicas of $service" running "$service"
	done
	note "changed after $((SECONDS - began)) s"
}
free_draws() { for _ in {1..20}; do get -X POST "$site/v1/draws" -H 'Content-Type: application/json' -d '{"seed":"42"}'; done; }
some_core() { docker ps -q --filter "label=com.docker.swarm.service.name=${stack}_core" | sort | tail -n 1; }
say "Switch to TLS between the services"
key_travels "$(some_core)" free_draws || fail "no key is visible without TLS, so the capture shows nothing"
export SERVICE_SCHEME=https NGINX_CONF=./nginx/nginx-e2e.conf CONFIGS=e2e-tls
change_stack
export ALLOW_PLAIN_HTTP=false
change_stack
if key_travels "$(some_core)" free_draws; then fail "a key is visible on the network"; fi
note "the key is visible without TLS, but not with TLS"

# implementation SERVICE prints which implementation of SERVICE is deployed.
implementation() { get "$site/v1/$1/status" | json implementation; }

say "Update every service, one replica at a time"
printf 'FROM %s\nLABEL e2e=second\n' "$image" | docker build -q -t "$image-2" - >/dev/null 2>&1
for service in text number prize core; do update "$service" completed --image "$image-2"; done

say "Swap the implementations"
update text completed --env-add PRIZEGEN_TEXT_FORMAT=upper2
update number completed --env-add PRIZEGEN_NUMBER_FORMAT=digits8
update prize completed --env-add PRIZEGEN_RULES=modest
for pair in text=upper2 number=digits8 prize=modest; do
	[[ $(implementation "${pair%=*}") == "${pair#*=}" ]] || fail "got implementation $(implementation "${pair%=*}") for ${pair%=*}, want ${pair#*=}"
done
note "a new draw without a campaign: $(get -X POST "$site/v1/draws" -H 'Content-Type: application/json' -d '{}' | json draws.0.account)"

say "Switch the text and number services to randomness from drand"
host=$(docker network inspect docker_gwbridge -f '{{(index .IPAM.Config 0).Gateway}}')
"$work/drand" "$host:13999" >"$work/chain" &
relay=$!
wait_for "the drand relay" test -s "$work/chain"
for service in text number; do
	update "$service" completed --env-add PRIZEGEN_ENTROPY=drand \
		--env-add "PRIZEGEN_DRAND_URLS=http://$host:13999" --env-add "PRIZEGEN_DRAND_CHAIN=$(cat "$work/chain")"
	fresh=$(get "$site/v1/$service?count=1")
	[[ $fresh == *'"entropy"'* ]] || fail "the response from $service does not contain entropy: $fresh"
	note "${fresh:0:150}"
done

say "Kill a replica of each service"
# replaced CONTAINER SERVICE reports whether CONTAINER is gone and all replicas of SERVICE
# are healthy.
replaced() { [[ -z $(docker ps -q --filter "id=$1") ]] && running "$2"; }
for service in text number prize core; do
	replicas=$(docker ps -q --filter "label=com.docker.swarm.service.name=${stack}_$service")
	victim=${replicas%%$'\n'*}
	docker kill --signal KILL "$victim" >/dev/null
	wait_for "a new replica of $service" replaced "$victim" "$service"
	note "$service: ${victim:0:12} was killed and replaced"
done

say "Restart all upstreams of NGINX"
for service in text number prize core; do update "$service" completed --force; done

say "Check that broken releases are rolled back automatically"
printf 'FROM %s\nENTRYPOINT ["/usr/bin/prizegen", "no-such-command"]\n' "$image" | docker build -q -t "$image-broken" - >/dev/null 2>&1
update core rollback_completed --image "$image-broken"
update text rollback_completed --image "$image-broken"
update core rollback_completed --env-add PRIZEGEN_NUMBER_URL=https://nowhere:1 # starts, but never becomes ready
for service in core text; do
	[[ $(docker service inspect -f '{{.Spec.TaskTemplate.ContainerSpec.Image}}' "${stack}_$service") == "$image-2" ]] || fail "$service was not rolled back"
done

say "Stop the load"
kill -TERM "$load"
wait "$load" || { cat "$work/summary.json" "$work/load.log" >&2 && fail "plays failed"; }
load=
python3 - "$work/summary.json" <<'END'
import json, sys
s = json.load(open(sys.argv[1]))
for name in s:
    if name != "troubles":
        print(f"    {name}: {s[name]:,.6g}" if isinstance(s[name], float) else f"    {name}: {s[name]:,}")
for trouble, n in sorted(s["troubles"].items(), key=lambda t: -t[1])[:12]:
    print(f"    problem with a first attempt: {trouble} ({n} times)")
END
requests=$(json requests <"$work/summary.json")
((requests >= least)) || fail "got $requests requests, want at least $least"

say "Close the campaign and verify it"
"$work/prizegen" campaign close rush >/dev/null
"$work/prizegen" campaign export rush --file "$work/rush.json" 2>/dev/null
"$work/prizegen" verify "$work/rush.json" 2>&1 | sed 's/^/    /'
python3 - "$work/rush.json" "$work/plays.ndjson" <<'END'
import json, sys
export = json.load(open(sys.argv[1]))
rows = export["draws"]
indexes = [row["index"] for row in rows]
if indexes != list(range(len(rows))):
    sys.exit("e2e: FAILED: indexes have gaps or repeats")
drawn = {row["index"]: row["account"] for row in rows if not row.get("skipped")}
played = [json.loads(line) for line in open(sys.argv[2])]
answered = {p["index"]: p["account"] for p in played}
if len(answered) != len(played):
    sys.exit("e2e: FAILED: two visitors got the same draw")
if answered != drawn:
    sys.exit(f"e2e: FAILED: visitors got {len(answered)} draws, but {len(drawn)} are stored; {len(answered.items() - drawn.items())} differ")
formats = {(row["text_format"], row["number_format"]) for row in rows if "text_format" in row}
print(f"    {len(rows):,} indexes without gaps, of which {len(rows) - len(drawn)} were skipped; each of the {len(drawn):,} draws was returned to exactly one visitor {formats or ''}")
END
say "Swarm: passed"
