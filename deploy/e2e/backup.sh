#!/usr/bin/env bash
# Part of `make e2e`. Backs up the database of one machine while people play, restores it on
# another machine, and plays there. Then it verifies the export, which contains draws from
# both machines. Each machine is a network with containers.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need docker curl python3
"$root/deploy/e2e/base-images.sh"
[[ -n ${E2E_BUILT:-} ]] || build_image

work=$(mktemp -d)
chmod 755 "$work"
cleanup() {
	local code=$? machine
	for machine in old new; do
		((code == 0)) || for part in core database; do docker logs --tail 5 "e2e-$part-$machine" 2>&1 || true; done
		docker rm -fv "e2e-core-$machine" "e2e-database-$machine" >/dev/null 2>&1 || true
		docker network rm "e2e-$machine" >/dev/null 2>&1 || true
	done
	rm -rf "$work"
	exit "$code"
}
trap cleanup EXIT
printf 'secret' >"$work/password"
printf 'postgres://prizegen:secret@database/prizegen?sslmode=disable' >"$work/db_url"
mkdir "$work/backups"
chmod 777 "$work/backups"
chmod 444 "$work/password" "$work/db_url"

# machine NAME creates a network with its own database.
machine() {
	docker network create "e2e-$1" >/dev/null
	docker run -d --name "e2e-database-$1" --network "e2e-$1" --network-alias database --volume "$work/password:/password:ro" \
		--env POSTGRES_USER=prizegen --env POSTGRES_DB=prizegen --env POSTGRES_PASSWORD_FILE=/password "$postgres_image" >/dev/null
	wait_for "the database of the $1 machine" docker exec "e2e-database-$1" pg_isready -h 127.0.0.1 -U prizegen -d prizegen
}
# prizegen NAME COMMAND... runs a prizegen command on machine NAME.
prizegen() {
	local where=$1
	shift
	docker run --rm --network "e2e-$where" --env PRIZEGEN_DB_FILE=/db_url --volume "$work/db_url:/db_url:ro" \
		--volume "$work/backups:/backups" "$image" "$@"
}
core() {
	docker run -d --name "e2e-core-$1" --network "e2e-$1" --env PRIZEGEN_DB_FILE=/db_url --volume "$work/db_url:/db_url:ro" \
		--env PRIZEGEN_ADMIN_TOKEN=e2e --env PRIZEGEN_ADMIN_PASSWORD=e2e "$image" serve --no-welcome >/dev/null
	url=http://$(address "e2e-core-$1"):8080
	wait_for "the core of the $1 machine" curl -fs "$url/readyz"
}
# play FROM TO plays once with each of the keys key-FROM to key-TO.
play() {
	local n
	for ((n = $1; n <= $2; n++)); do
		curl -fsS -o /dev/null -X POST "$url/v1/draws" -H 'Content-Type: application/json' -H "Idempotency-Key: key-$n" \
			-d "{\"campaign\":\"summer\",\"entrant\":{\"first_name\":\"Player\",\"last_name\":\"No. $n\"}}"
	done
}
export_to() { prizegen "$1" campaign export summer --file "/backups/$2" 2>/dev/null; }
draws() { python3 -c 'import json,sys; print(sum(not r.get("skipped") for r in json.load(open(sys.argv[1]))["draws"]))' "$work/backups/$1"; }

say "The old machine"
machine old
prizegen old campaign create summer --open >/dev/null
core old
play 1 50
play 51 90 & # people play while the backup is made
players=$!
prizegen old db backup /backups/monday.db
wait "$players"
note "made a backup of $(stat -c %s "$work/backups/monday.db") bytes during plays"

say "The old machine is lost; the new one takes over"
docker rm -fv e2e-core-old e2e-database-old >/dev/null
machine new
prizegen new db restore /backups/monday.db
export_to new before.json
saved=$(draws before.json)
((saved >= 50)) || fail "got $saved draws in the backup, want at least 50"
core new
play 1 "$saved" # for keys in the backup, this returns the first draws
export_to new same.json
[[ $(draws same.json) == "$saved" ]] || fail "old keys made $(($(draws same.json) - saved)) new draws"
play 1001 1050
prizegen new campaign close summer >/dev/null
export_to new after.json
[[ $(draws after.json) == $((saved + 50)) ]] || fail "got $(draws after.json) draws, want $((saved + 50))"
docker run --rm --volume "$work/backups:/backups:ro" "$image" verify /backups/after.json 2>&1 | sed 's/^/    /'
note "restored $saved draws, then made 50 more; old keys made no new draws"
say "Backup: passed"
