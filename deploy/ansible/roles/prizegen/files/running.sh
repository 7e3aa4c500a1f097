#!/bin/bash
# Lists the services of the stack, each with its name, its image, and the state and start time
# of its last update.
set -euo pipefail
docker stack services --quiet prizegen | xargs --no-run-if-empty docker service inspect --format \
	'{{.Spec.Name}} {{.Spec.TaskTemplate.ContainerSpec.Image}} {{with .UpdateStatus}}{{.State}} {{.StartedAt}}{{else}}- -{{end}}'
