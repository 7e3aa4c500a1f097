#!/usr/bin/env bash
# Builds images of NGINX and PostgreSQL from Debian packages, for machines that cannot pull the
# public images. The images get the names of the public images. Existing images are kept.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need docker

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
suite=${DEBIAN_SUITE:-forky} # contains NGINX 1.30 and PostgreSQL 18

# base NAME PACKAGES imports a Debian system with PACKAGES as the image e2e-base-NAME.
base() {
	local name=$1 packages=$2 folder=$cache/$1
	docker image inspect "e2e-base-$name" >/dev/null 2>&1 && return
	if [[ ! -e $folder/done ]]; then
		((EUID == 0)) || fail "debootstrap needs root"
		command -v debootstrap >/dev/null || fail "debootstrap is missing"
		rm -rf "$folder"
		note "creating a Debian $suite system with $packages"
		# The script for sid also works for suites that debootstrap does not know yet.
		debootstrap --variant=minbase --include="$packages" "$suite" "$folder" "$mirror" \
			/usr/share/debootstrap/scripts/sid >"$cache/$name.log" 2>&1 || fail "debootstrap failed; see $cache/$name.log"
		touch "$folder/done"
	fi
	tar -C "$folder" --exclude=./var/cache/apt --exclude=./var/lib/apt --exclude=./usr/share/doc \
		--exclude=./usr/share/locale --exclude=./usr/share/man --exclude=./dev --exclude=./proc --exclude=./sys -c . |
		docker import - "e2e-base-$name" >/dev/null
}

# image TAG NAME PACKAGES builds the image TAG from images/NAME and PACKAGES, unless it
# exists.
image() {
	local tag=$1 name=$2 packages=$3
	if docker image inspect "$tag" >/dev/null 2>&1; then
		note "$tag exists"
		return
	fi
	if [[ -n ${E2E_PULL:-} ]] && docker pull -q "$tag"; then
		return
	fi
	base "$name" "$packages"
	docker build -q --tag "$tag" "$root/deploy/e2e/images/$name" >/dev/null
	note "built $tag from Debian packages"
}

say "Build the base images"
image "$nginx_image" nginx nginx-light,ca-certificates,curl
image "$postgres_image" postgres postgresql-18,ca-certificates
