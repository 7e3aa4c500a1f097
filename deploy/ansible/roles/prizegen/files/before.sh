#!/bin/bash
# Writes the file `before`. It contains the TAG and DEPLOYMENT of the next deployment, and
# the name of each service with a hash of its specification. rollback.yml rolls back the
# services whose specification has changed since.
set -euo pipefail
umask 077
{
	echo "$TAG $DEPLOYMENT"
	docker stack services --format '{{.Name}}' prizegen | while read -r service; do
		sum=$(docker service inspect "$service" --format \
			'{{with .Spec.TaskTemplate.ContainerSpec}}{{.Image}} {{json .Env}} {{json .Secrets}} {{json .Configs}}{{end}}' | sha256sum)
		echo "$service ${sum%% *}"
	done
} >before.new
mv before.new before
