#!/usr/bin/env bash
# Builds the deb and the rpm, and installs the deb on a machine with systemd: the
# service starts and is played, an upgrade keeps draws and settings, and so do
# removing and purging.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$root/deploy/e2e/vm.sh"
need docker debootstrap dpkg-deb rpm
cd "$root"

work=$(mktemp -d)
trap 'vm_stop; rm -rf "$work"' EXIT

say "The deb and the rpm are built"
make -s packages >"$work/log" 2>&1 || { tail -20 "$work/log" >&2 && fail "make packages"; }
deb=$(echo dist/*.deb)
note "$deb has $(stat -c %s "$deb") bytes"

# The next version has other settings and the same program.
dpkg-deb -R "$deb" "$work/next"
sed -i 's/^Version: .*/Version: 99.0/' "$work/next/DEBIAN/control"
echo '# a new line' >>"$work/next/etc/prizegen/config.yaml"
dpkg-deb --root-owner-group -b "$work/next" "$work/next.deb" >/dev/null

vm_need_image
vm=prizegen-e2e-packages
vm_start "$vm"
on() { docker exec -i "$vm" "$@"; }
told() { # what the service's log ends with, where something failed
	[[ $? == 0 ]] || on journalctl -u prizegen --no-pager -n 30 >&2 || true
	vm_stop
	rm -rf "$work"
}
trap told EXIT
docker cp -q "$deb" "$vm:/root/first.deb"
docker cp -q "$work/next.deb" "$vm:/root/next.deb"

say "The deb is installed on a machine with systemd"
on dpkg -i /root/first.deb >/dev/null
on systemctl is-active -q prizegen && fail "the service started without being asked"
on systemctl enable --now prizegen 2>/dev/null || fail "the service does not start"
note "started as $(on systemctl show -p User --value prizegen), $(on systemctl show -p MemoryCurrent --value prizegen) bytes of memory"
on systemctl show -p NRestarts --value prizegen | grep -qx 0 || fail "it had to be restarted"

play() {
	on curl -sf --retry 5 --retry-all-errors http://127.0.0.1:8080/v1/draws -H 'Content-Type: application/json' -H "Idempotency-Key: \"$1\"" \
		-d "{\"campaign\":\"welcome\",\"entrant\":{\"first_name\":\"Ada\",\"last_name\":\"Byron\"}}" ||
		fail "a play is refused"
}
first=$(play one)
note "the first play: $first"
on curl -sf http://127.0.0.1:8080/metrics | grep -q '^process_start_time_seconds' || fail "no metrics of the process"
on systemctl reload prizegen
# shellcheck disable=SC2016 # expanded there
on sh -c 'curl -sf -H "Authorization: Bearer $(cat /etc/prizegen/admin-token)" http://127.0.0.1:8080/v1/entrants' | grep -q Byron ||
	fail "the token in /etc/prizegen/admin-token is not taken"
on sed -i 's/^# rules: .*/rules: modest/' /etc/prizegen/config.yaml
token=$(on cat /etc/prizegen/admin-token)

say "It is upgraded, as unattended as it gets"
on env DEBIAN_FRONTEND=noninteractive dpkg -i --force-confold /root/next.deb >/dev/null 2>&1 || fail "the upgrade fails"
on systemctl is-active -q prizegen || fail "the upgrade stopped the service"
on grep -qx 'rules: modest' /etc/prizegen/config.yaml || fail "the upgrade lost a setting"
[[ $(on cat /etc/prizegen/admin-token) == "$token" ]] || fail "the upgrade made another token"
[[ $(play one) == "$first" ]] || fail "the upgrade lost a draw"

say "With the socket unit, a restart refuses nobody"
on systemctl stop prizegen
on systemctl enable --now prizegen.socket 2>/dev/null
[[ $(play one) == "$first" ]] || fail "the socket does not start the service"
on sh -c 'systemctl restart prizegen & curl -sf http://127.0.0.1:8080/healthz >/dev/null && wait' || fail "a restart behind the socket refused a visitor"

say "It is removed and purged, and installed anew"
for how in remove purge; do
	on dpkg "--$how" prizegen >/dev/null 2>&1 || fail "$how fails"
	on systemctl is-active -q prizegen && fail "the service still runs after $how"
	on test -s /var/lib/prizegen/prizegen.db || fail "$how took the draws away"
done
on sh -c '! ls /etc/prizegen/admin-* 2>/dev/null' || fail "purge left the secrets"
on dpkg -i /root/next.deb >/dev/null
on systemctl start prizegen
[[ $(play one) == "$first" ]] || fail "installed anew, the draw is lost"

rpm -qp --scripts dist/*.rpm | grep -q useradd || fail "the rpm makes no user"
rpm -qlp dist/*.rpm | grep -qx /usr/lib/systemd/system/prizegen.service || fail "the rpm has no unit"
note "systemd-analyze security: $(on systemd-analyze security --no-pager prizegen.service | tail -1)"
note ok
