#!/usr/bin/env bash
# Creates the database when it starts for the first time, like the public image, and then runs
# the server.
set -euo pipefail
if [[ $(id -u) == 0 ]]; then
	mkdir -p "$PGDATA"
	chown -R postgres:postgres /var/lib/postgresql
	chmod 700 "$PGDATA"
	exec setpriv --reuid=postgres --regid=postgres --clear-groups bash "$0" "$@"
fi
if [[ ! -s $PGDATA/PG_VERSION ]]; then
	read -ra arguments <<<"${POSTGRES_INITDB_ARGS:-}"
	initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-local=trust --auth-host=scram-sha-256 "${arguments[@]}"
	echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
	pg_ctl -w -o "-c listen_addresses=''" start
	createdb --username="$POSTGRES_USER" "$POSTGRES_DB"
	pg_ctl -w -m fast stop
fi
exec postgres -c "listen_addresses=*" "$@"
