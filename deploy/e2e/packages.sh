#!/usr/bin/env bash
# Part of `make e2e`. Builds the deb and rpm packages, and installs the deb on a machine with
# systemd. It checks that the service starts and accepts plays, that an upgrade, a removal and a
# purge keep the draws, and that an upgrade also keeps the settings.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$root/deploy/e2e/vm.sh"
need docker debootstrap dpkg-deb rpm
cd "$root"

work=$(mktemp -d)
trap 'vm_stop; rm -rf "$work"' EXIT

say "Build the deb and rpm packages"
make -s -C deploy packages >"$work/log" 2>&1 || { tail -20 "$work/log" >&2 && fail "make -C deploy packages failed"; }
deb=$(echo dist/*.deb)
note "the size of $deb is $(stat -c %s "$deb") bytes"
scripts=$(rpm -qp --scripts dist/*.rpm)
has "$scripts" useradd || fail "the rpm does not create a user: $scripts"
files=$(rpm -qlp dist/*.rpm)
has "$files" '^/usr/lib/systemd/system/prizegen\.service$' || fail "the rpm does not contain the systemd unit: $files"

# The next version is the same program with a different configuration file.
dpkg-deb -R "$deb" "$work/next"
sed -i 's/^Version: .*/Version: 99.0/' "$work/next/DEBIAN/control"
echo '# a new line' >>"$work/next/etc/prizegen/config.yaml"
dpkg-deb --root-owner-group -b "$work/next" "$work/next.deb" >/dev/null

vm_need_image
vm=prizegen-e2e-packages
vm_start "$vm"
on() { docker exec -i "$vm" "$@"; }
cleanup() { # after a failure, it also prints the end of the service's log
	[[ $? == 0 ]] || on journalctl -u prizegen --no-pager -n 30 >&2 || true
	vm_stop
	rm -rf "$work"
}
trap cleanup EXIT
docker cp -q "$deb" "$vm:/root/first.deb"
docker cp -q "$work/next.deb" "$vm:/root/next.deb"

say "Install the deb on a machine with systemd"
on dpkg -i /root/first.deb >/dev/null
on systemctl is-active -q prizegen && fail "the installation started the service"
on test -s /var/lib/prizegen/prizegen.db || fail "the installation did not create the database"
[[ $(on stat -c %U:%a /var/lib/prizegen/prizegen.db) == prizegen:600 ]] || fail "others can read the database"
on systemctl enable --now prizegen 2>/dev/null || fail "the service did not start"
note "started as $(on systemctl show -p User --value prizegen), $(on systemctl show -p MemoryCurrent --value prizegen) bytes of memory"
restarts=$(on systemctl show -p NRestarts --value prizegen)
[[ $restarts == 0 ]] || fail "the service was restarted $restarts times"

play() {
	on curl -sf --retry 30 --retry-all-errors http://127.0.0.1:8080/v1/draws -H 'Content-Type: application/json' -H "Idempotency-Key: \"$1\"" \
		-d "{\"campaign\":\"welcome\",\"entrant\":{\"first_name\":\"Ada\",\"last_name\":\"Byron\"}}" ||
		fail "a play failed"
}
on runuser -u prizegen -- prizegen campaign create welcome --open --config /etc/prizegen/config.yaml >/dev/null 2>&1 ||
	fail "cannot open a campaign"
first=$(play one)
note "the first play: $first"
metrics=$(on curl -sf http://127.0.0.1:8080/metrics)
has "$metrics" '^process_start_time_seconds' || fail "/metrics does not contain process metrics"
on systemctl reload prizegen
# shellcheck disable=SC2016 # expanded on the machine
entrants=$(on sh -c 'curl -sf -H "Authorization: Bearer $(cat /etc/prizegen/admin-token)" http://127.0.0.1:8080/v1/entrants') ||
	fail "the token in /etc/prizegen/admin-token was refused"
has "$entrants" Byron || fail "the entrant is missing: $entrants"
on sed -i 's/^# rules: .*/rules: modest/' /etc/prizegen/config.yaml
token=$(on cat /etc/prizegen/admin-token)

say "Upgrade the package unattended"
on env DEBIAN_FRONTEND=noninteractive dpkg -i --force-confold /root/next.deb >/dev/null 2>&1 || fail "the upgrade failed"
on systemctl is-active -q prizegen || fail "the upgrade stopped the service"
on grep -qx 'rules: modest' /etc/prizegen/config.yaml || fail "the upgrade lost a setting"
[[ $(on cat /etc/prizegen/admin-token) == "$token" ]] || fail "the upgrade replaced the token"
[[ $(play one) == "$first" ]] || fail "the upgrade lost a draw"

say "Check that an upgrade does not replace a lost database"
on systemctl stop prizegen
on mv /var/lib/prizegen/prizegen.db /var/lib/prizegen/away
on env DEBIAN_FRONTEND=noninteractive dpkg -i --force-confold /root/next.deb >/dev/null 2>&1 || fail "the upgrade failed"
on test -e /var/lib/prizegen/prizegen.db && fail "an upgrade replaced the lost database"
on mv /var/lib/prizegen/away /var/lib/prizegen/prizegen.db
on systemctl start prizegen

say "Check that no connection is refused during a restart with the socket unit"
on systemctl stop prizegen
on systemctl enable --now prizegen.socket 2>/dev/null
[[ $(play one) == "$first" ]] || fail "the socket did not start the service"
on sh -c 'systemctl restart prizegen & curl -sf http://127.0.0.1:8080/healthz >/dev/null && wait' || fail "a connection was refused during a restart with the socket unit"

say "Remove the package, purge it, and install it again"
for how in remove purge; do
	on dpkg "--$how" prizegen >/dev/null 2>&1 || fail "dpkg --$how failed"
	on systemctl is-active -q prizegen && fail "the service is still running after $how"
	on test -s /var/lib/prizegen/prizegen.db || fail "$how deleted the draws"
done
on sh -c '! ls /etc/prizegen/admin-* 2>/dev/null' || fail "purge did not delete the secrets"
on dpkg -i /root/next.deb >/dev/null
on systemctl start prizegen
[[ $(play one) == "$first" ]] || fail "the draw is lost after the second installation"

security=$(on systemd-analyze security --no-pager prizegen.service)
note "systemd-analyze security: $(tail -1 <<<"$security")"
say "Packages: passed"
