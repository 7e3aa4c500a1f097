#!/bin/bash
# Rolls back one service. LINE is a line of /etc/prizegen/stack/before: the name of the service
# and the hash of its former specification.
set -euo pipefail
read -r service before <<<"$LINE"
# sum Spec or sum PreviousSpec hashes a specification like roles/prizegen/files/before.sh.
sum() {
	docker service inspect "$service" --format \
		"{{with .$1}}{{with .TaskTemplate.ContainerSpec}}{{.Image}} {{json .Env}} {{json .Secrets}} {{json .Configs}}{{end}}{{end}}" |
		sha256sum | cut -d' ' -f1
}

if [[ $(sum Spec) == "$before" ]]; then
	state=$(docker service inspect "$service" --format '{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}')
	case $state in
	rollback_paused) # the rollback of the swarm stopped half-way
		docker service update --quiet --force "$service"
		echo "rolled back to the end"
		;;
	rollback_*) echo "already rolled back" ;;
	*) echo "unchanged" ;;
	esac
elif [[ $(sum PreviousSpec) == "$before" ]]; then
	docker service rollback --quiet "$service"
	echo "rolled back"
else
	echo "$service has changed since the last deployment: roll it back by hand" >&2
	exit 1
fi
