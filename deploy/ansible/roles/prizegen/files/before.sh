#!/bin/bash
# Writes the file before: the TAG that is about to be deployed and its DEPLOYMENT, then
# each service with a sum of what it is. rollback.yml rolls back what differs from it.
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
