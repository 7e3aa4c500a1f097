#!/usr/bin/env bash
# Part of `make e2e`. Runs the playbook on fresh machines: a swarm with one manager and two
# workers, a machine with PostgreSQL, and a machine with systemd and NGINX but without
# Docker. It checks that a dry run works on fresh machines, that after the first run people
# can play through both the swarm and the machine without Docker, and that a second run
# changes nothing.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$root/deploy/e2e/vm.sh"
need docker ansible-playbook ansible-lint yamllint shellcheck debootstrap docker-registry
: "${DEB:=}" # an existing package to install; if it is empty, the package is built

work=$(mktemp -d)
registry=
finish() {
	[[ -n $registry ]] && kill "$registry" 2>/dev/null
	[[ -n ${KEEP:-} ]] && return # keep the machines, so that a failure can be inspected
	vm_stop
	rm -rf "$work"
}
trap finish EXIT

say "Lint"
make -s -C "$root/deploy" lint || fail "make -C deploy lint"

say "Build the images and the package, and start a registry for the machines"
[[ -n ${E2E_BUILT:-} ]] || build_image
"$root/deploy/e2e/base-images.sh"
if [[ -z $DEB ]]; then
	make -s -C "$root/deploy" packages >"$work/packages.log" 2>&1 || { tail "$work/packages.log" >&2 && fail "make -C deploy packages"; }
	DEB=$(echo "$root"/dist/*_linux_amd64.deb)
fi
vm_need_image
docker network inspect "$vm_network" >/dev/null 2>&1 || docker network create "$vm_network" >/dev/null
gateway=$(docker network inspect -f '{{(index .IPAM.Config 0).Gateway}}' "$vm_network")
port=${E2E_REGISTRY_PORT:-5007}
cat >"$work/registry.yml" <<END
version: 0.1
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: ":$port"}
END
docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
registry=$!
wait_for "the registry" curl -sf "http://127.0.0.1:$port/v2/"
for from in "$image prizegen:$TAG" "$image prizegen:next" "$nginx_image nginx:1.30"; do
	read -r local pushed <<<"$from"
	docker tag "$local" "127.0.0.1:$port/$pushed"
	docker push -q "127.0.0.1:$port/$pushed" >/dev/null || fail "docker push $pushed"
	docker rmi "127.0.0.1:$port/$pushed" >/dev/null
done

say "Start five fresh machines"
# A Docker engine in a container needs network capabilities, and storage outside the outer
# engine's overlay file system.
engine=(--cap-add NET_ADMIN --cap-add NET_RAW --security-opt systempaths=unconfined -v /var/lib/docker)
for name in manager worker1 worker2; do vm_start "e2e-$name" "${engine[@]}"; done
vm_start e2e-database --cap-add NET_ADMIN
vm_start e2e-machine --cap-add NET_ADMIN
grep -v ' database:' "$root/deploy/e2e/stack-dnsrr.yaml" >"$work/stack-dnsrr.yaml"
cat >"$work/inventory.yml" <<END
all:
  vars:
    ansible_connection: community.docker.docker
    ansible_python_interpreter: /usr/bin/python3
    prizegen_host: play.example.org
    prizegen_registry: $gateway:$port
    prizegen_nginx_image: $gateway:$port/nginx:1.30
    prizegen_deb: $DEB
    docker_insecure_registries: ["$gateway:$port"]
    # The kernel of the test machine may lack IPVS and ESP.
    prizegen_stack_files: [$work/stack-dnsrr.yaml]
    prizegen_encrypt_network: false
  children:
    managers: {hosts: {e2e-manager: {}}}
    workers: {hosts: {e2e-worker1: {}, e2e-worker2: {}}}
    database: {hosts: {e2e-database: {}}}
    machines: {hosts: {e2e-machine: {}}}
    nginx: {hosts: {e2e-machine: {}}}
END
echo secret >"$work/password"
cat >"$work/vault.yml" <<END
prizegen_database_password: $(openssl rand -hex 24)
prizegen_admin_password: $(openssl rand -hex 24)
prizegen_admin_token: $(openssl rand -hex 24)
END
ansible-vault encrypt --vault-password-file "$work/password" "$work/vault.yml" >/dev/null 2>&1

play() {
	(cd "$root/deploy/ansible" &&
		ansible-playbook site.yml -i "$work/inventory.yml" -e "@$work/vault.yml" --vault-password-file "$work/password" "$@")
}
# count WORD FILE adds up the figures for WORD in the play recap, such as changed.
count() { grep -oE "\b$1=[0-9]+" "$2" | cut -d= -f2 | paste -sd+ | bc; }

say "Make a dry run on the fresh machines"
play --check >"$work/check.log" 2>&1 || { tail -40 "$work/check.log" >&2 && fail "--check failed on fresh machines"; }
note "$(count changed "$work/check.log") tasks would change something"

say "Run the playbook for the first time"
began=$SECONDS
play >"$work/first.log" 2>&1 || { tail -60 "$work/first.log" >&2 && fail "the first run failed"; }
tail -7 "$work/first.log"
note "$(count changed "$work/first.log") tasks changed something in $((SECONDS - began)) s"

say "Run the playbook a second time"
play >"$work/second.log" 2>&1 || { tail -40 "$work/second.log" >&2 && fail "the second run failed"; }
tail -7 "$work/second.log"
[[ $(count changed "$work/second.log") == 0 ]] || { grep -B4 '^changed:' "$work/second.log" >&2; fail "the second run changed something"; }
play --check >"$work/check.log" 2>&1 || fail "--check failed on running machines"
[[ $(count changed "$work/check.log") == 0 ]] || { grep -B4 '^changed:' "$work/check.log" >&2; fail "a dry run would change something"; }

say "Play through the NGINX of the stack, and through the NGINX of the machine without Docker"
person='"entrant":{"first_name":"Ada","last_name":"Byron"}'
wait_for "the manager" curl -skf "https://$(address e2e-manager)/readyz"
token=$(docker exec e2e-machine cat /etc/prizegen/admin-token)
open_campaign "https://$(address e2e-manager)" "$token" -k
for host in manager machine; do
	address=$(address "e2e-$host")
	wait_for "$host" curl -skf "https://$address/readyz"
	answer=$(curl -sk --retry 10 --retry-all-errors -f "https://$address/v1/draws" -H 'Content-Type: application/json' \
		-H "Idempotency-Key: \"$host\"" -d "{\"campaign\":\"welcome\",$person}") || fail "a play through $host failed"
	note "$host: index $(json index <<<"$answer"), account $(json account <<<"$answer")"
done
# Both plays are in the same database.
stored=$(docker exec -u postgres e2e-database psql -At prizegen -c 'select count(*) from draws')
[[ $stored == 2 ]] || fail "got $stored draws in the database, want 2"
docker exec e2e-manager docker node ls
docker exec e2e-manager docker stack services prizegen

say "Check the firewall"
# connects FROM PORT reports whether machine FROM can connect to PORT on the database
# machine.
connects() { docker exec "$1" timeout 10 bash -c "</dev/tcp/$database/$2" 2>/dev/null; }
database=$(address e2e-database)
docker exec -d e2e-database python3 -m http.server 8888
wait_for "a server on port 8888" connects e2e-database 8888
connects e2e-worker1 8888 && fail "the firewall does not block port 8888"
connects e2e-worker1 5432 || fail "the cluster cannot reach its database"

say "Run the steps of the pipelines: deploy another version, then roll it back"
running() { docker exec e2e-manager docker service inspect -f '{{.Spec.TaskTemplate.ContainerSpec.Image}}' prizegen_core; }
export INVENTORY=$work/inventory.yml VAULT=$work/vault.yml ANSIBLE_VAULT_PASSWORD_FILE=$work/password
URL=https://$(address e2e-manager) CAMPAIGN=welcome CURL_OPTIONS=-k TAG=next "$root/deploy/e2e/pipelines.sh" machines
[[ $(running) == *"/prizegen:$TAG@"* || $(running) == *"/prizegen:$TAG" ]] || fail "$(running) is running after the rollback"
say "Ansible: passed"
