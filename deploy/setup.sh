#!/bin/sh
# Makes what a deployment needs and nobody else may know: passwords, a certificate, and
# .env with the settings of Compose. What is there already stays as it is, so that it can
# be run again.
#
#   deploy/setup.sh [HOST]      HOST is the name that people type, localhost if left out
set -eu
umask 077
cd "$(dirname "$0")"
host=${1:-localhost}

mkdir -p secrets
# Containers read the files as users of their own; the folder keeps everybody else out.
keep() { # keep FILE: writes standard input into it, unless it exists
	if [ -e "secrets/$1" ]; then
		cat >/dev/null
		echo "setup: secrets/$1 stays as it is"
		return
	fi
	cat >"secrets/$1.new"
	chmod 444 "secrets/$1.new"
	mv "secrets/$1.new" "secrets/$1"
	echo "setup: made secrets/$1"
}
random() { openssl rand -hex 24 | tr -d '\n'; }

random | keep db_password
printf 'postgres://prizegen:%s@database:5432/prizegen?sslmode=disable' "$(cat secrets/db_password)" | keep db_url
random | keep admin_password
random | keep admin_token

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
	echo "setup: the certificate is signed by nobody but itself; put one for $host in its place before others come"
fi

if [ ! -e .env ]; then
	cat >.env <<'END'
# Settings of compose.yaml and stack.yaml; see docs/deploy.md.
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
# Processors of the database with Compose, at most as many as there are.
#DATABASE_CPUS=1
# Names of secrets and files in a swarm; another one after each change of them.
#SECRETS=1
#DATABASE_SECRETS=1
#TLS_SECRETS=1
#CONFIGS=1
END
	echo "setup: made .env"
fi
