#!/bin/bash
# Lists the services of the stack: name, image, and state and start of the last update.
set -euo pipefail
docker stack services --quiet prizegen | xargs --no-run-if-empty docker service inspect --format \
	'{{.Spec.Name}} {{.Spec.TaskTemplate.ContainerSpec.Image}} {{with .UpdateStatus}}{{.State}} {{.StartedAt}}{{else}}- -{{end}}'
