# Functions for tests that need whole machines. A machine is a container with Debian and
# systemd. debootstrap creates its file system, so it resembles a fresh virtual machine. The
# container gets only the capabilities that it needs.
# shellcheck shell=bash

vm_image=prizegen-e2e/vm:bookworm
vm_network=prizegen-e2e-vm
vm_mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
vms=()

# vm_need_image builds the image for the machines if it is missing.
vm_need_image() {
	docker image inspect "$vm_image" >/dev/null 2>&1 && return
	command -v debootstrap >/dev/null || {
		echo "vm: debootstrap is missing; run: apt-get install debootstrap" >&2
		return 1
	}
	local root
	root=$(mktemp -d)
	debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,python3,python3-apt,iproute2,ca-certificates,curl,sudo \
		bookworm "$root" "$vm_mirror" >"$root.log" || { tail "$root.log" >&2; return 1; }
	chroot "$root" apt-get clean
	tar -C "$root" -c . | docker import -c 'CMD ["/sbin/init"]' - "$vm_image" >/dev/null
	rm -rf "$root" "$root.log"
}

# vm_start NAME [DOCKER OPTION...] starts a machine and waits until systemd is running.
vm_start() {
	local name=$1
	shift
	docker network inspect "$vm_network" >/dev/null 2>&1 || docker network create "$vm_network" >/dev/null
	docker run -d --name "$name" --hostname "$name" --network "$vm_network" \
		--stop-signal SIGRTMIN+3 --tmpfs /run --tmpfs /run/lock --tmpfs /tmp:exec -e container=docker \
		-v /sys/fs/cgroup:/sys/fs/cgroup:ro --cap-add SYS_ADMIN --cap-add SYS_PTRACE \
		--security-opt seccomp=unconfined --security-opt apparmor=unconfined \
		"$@" "$vm_image" >/dev/null
	vms+=("$name")
	local state
	for _ in {1..600}; do
		state=$(docker exec "$name" systemctl is-system-running 2>/dev/null) || true
		case $state in running | degraded) return ;; esac
		sleep 1
	done
	echo "vm: $name did not start; systemd is in state $state" >&2
	docker exec "$name" systemctl --failed >&2
	return 1
}

# vm_stop removes the machines and their network.
vm_stop() {
	((${#vms[@]})) && docker rm -fv "${vms[@]}" >/dev/null
	docker network rm "$vm_network" >/dev/null 2>&1 || true
}
