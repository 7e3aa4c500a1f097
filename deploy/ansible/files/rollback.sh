#!/bin/bash
# rollback.yml runs it for a line of /etc/prizegen/stack/before, which is in LINE: the name
# of a service, and a sum of what it was.
set -euo pipefail
read -r service before <<<"$LINE"
sum() { # of Spec or PreviousSpec, as roles/prizegen/files/before.sh makes it
	docker service inspect "$service" --format \
		"{{with .$1}}{{with .TaskTemplate.ContainerSpec}}{{.Image}} {{json .Env}} {{json .Secrets}} {{json .Configs}}{{end}}{{end}}" |
		sha256sum | cut -d' ' -f1
}

if [[ $(sum Spec) == "$before" ]]; then
	state=$(docker service inspect "$service" --format '{{if .UpdateStatus}}{{.UpdateStatus.State}}{{end}}')
	case $state in
	rollback_paused) # the swarm has stopped half-way
		docker service update --quiet --force "$service"
		echo "rolled back to the end"
		;;
	rollback_*) echo "was rolled back already" ;;
	*) echo "is as it was" ;;
	esac
elif [[ $(sum PreviousSpec) == "$before" ]]; then
	docker service rollback --quiet "$service"
	echo "rolled back"
else
	echo "$service was changed again since the last deployment: put it back by hand" >&2
	exit 1
fi
