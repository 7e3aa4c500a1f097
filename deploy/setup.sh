#!/bin/sh
# Creates the secrets for a deployment (passwords and certificates) and the settings in .env.
# It keeps existing files, so you can run it again.
#
#   deploy/setup.sh [HOST]      HOST is the public name of the site (default localhost)
set -eu
umask 077
cd "$(dirname "$0")"
host=${1:-localhost}

# Everybody may read the files, because the containers run as different users. The folder's
# mode keeps other users of the machine out.
mkdir -p secrets

# keep FILE writes standard input to secrets/FILE, unless that file exists.
keep() {
	if [ -e "secrets/$1" ]; then
		cat >/dev/null
		echo "setup: kept secrets/$1"
		return
	fi
	cat >"secrets/$1.new"
	chmod 444 "secrets/$1.new"
	mv "secrets/$1.new" "secrets/$1"
	echo "setup: created secrets/$1"
}
random() { openssl rand -hex 24 | tr -d '\n'; }

random | keep db_password
printf 'postgres://prizegen:%s@database:5432/prizegen?sslmode=disable' "$(cat secrets/db_password)" | keep db_url
random | keep admin_password
random | keep admin_token
# The key of the secrets in the database, in the format of prizegen secrets new-key. Keep a copy
# apart from the backups of the database.
printf 'prizegen-key-v1:%s\n' "$(openssl rand -base64 32)" | keep secrets_key

if [ ! -e secrets/tls_cert.pem ]; then
	case $host in
	*[!0-9.]*) name=DNS:$host ;;
	*) name=IP:$host ;;
	esac
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 397 \
		-subj "/CN=$host" -addext "subjectAltName=$name" \
		-keyout secrets/tls_key.new -out secrets/tls_cert.new 2>/dev/null
	keep tls_key.pem <secrets/tls_key.new
	keep tls_cert.pem <secrets/tls_cert.new
	rm -f secrets/tls_key.new secrets/tls_cert.new
	echo "setup: the certificate is self-signed; replace it with one for $host before you go public"
fi

./certificates.sh secrets

if [ ! -e .env ]; then
	cat >.env <<'END'
# Settings for compose.yaml and stack.yaml; see docs/deploy.md.
COMPOSE_PROJECT_NAME=prizegen
#REGISTRY=ghcr.io/prizegen
#TAG=latest
#HTTP_PORT=80
#HTTPS_PORT=443
#TEXT_FORMAT=lower4
#NUMBER_FORMAT=digits4
#RULES=generous
#TEXT_ENTROPY=os
#NUMBER_ENTROPY=os
# Networks whose visitors may play without limits, such as the hall of an event.
#TRUSTED_NETWORKS=192.0.2.0/24
# CPUs for the database in Compose; at most as many as the machine has.
#DATABASE_CPUS=1
# Versions of secrets and configs in a swarm. Change the number whenever you change a file.
#SECRETS=1
#DATABASE_SECRETS=1
#KEY_SECRETS=1
#TLS_SECRETS=1
#SERVICE_SECRETS=1
#CONFIGS=1
END
	echo "setup: created .env"
fi
