#!/bin/bash
# Rolls back one service. LINE is a line from /etc/prizegen/stack/before, which contains the
# name of the service and the hash of its previous specification.
set -euo pipefail
read -r service before <<<"$LINE"
# sum FIELD prints the hash of the service's specification, computed as in
# roles/prizegen/files/before.sh. FIELD is Spec or PreviousSpec.
sum() {
	docker service inspect "$service" --format \
		"{{with .$1}}{{with .TaskTemplate.ContainerSpec}}{{.Image}} {{json .Env}} {{json .Secrets}} {{json .Configs}}{{end}}{{end}}" |
		sha256sum | cut -d' ' -f1
}

if [[ $(sum Spec) == "$before" ]]; then
	state=$(docker service inspect "$service" --format '{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}')
	case $state in
	rollback_paused) # the swarm's own rollback stopped halfway
		docker service update --quiet --force "$service"
		echo "rolled back completely"
		;;
	rollback_*) echo "already rolled back" ;;
	*) echo "unchanged" ;;
	esac
elif [[ $(sum PreviousSpec) == "$before" ]]; then
	docker service rollback --quiet "$service"
	echo "rolled back"
else
	echo "$service has changed since the last deployment; roll it back manually" >&2
	exit 1
fi
