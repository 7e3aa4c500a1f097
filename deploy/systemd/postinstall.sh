#!/bin/sh
# Runs after an installation or upgrade. It creates the user, the data directory and the
# secrets if they are missing, and restarts the service if it is running. It does not start
# the service, because some people install the package only for its command-line program.
set -e
[ "$1" = abort-upgrade ] && exit 0

getent passwd prizegen >/dev/null ||
	useradd --system --user-group --home-dir /var/lib/prizegen --no-create-home \
		--shell /usr/sbin/nologin --comment "prizegen service" prizegen
install -d -o prizegen -g prizegen -m 0750 /var/lib/prizegen
chown root:prizegen /etc/prizegen /etc/prizegen/config.yaml
chmod 0750 /etc/prizegen
chmod 0640 /etc/prizegen/config.yaml

for secret in admin-password admin-token; do
	file=/etc/prizegen/$secret
	[ -e "$file" ] && continue
	umask 077
	head -c 20 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$file.new"
	chown root:prizegen "$file.new"
	chmod 0640 "$file.new"
	mv "$file.new" "$file"
done

# The key of the secrets in the database; see secrets-key-file in config.yaml.
if [ ! -e /etc/prizegen/secrets-key ]; then
	/usr/bin/prizegen secrets new-key /etc/prizegen/secrets-key --quiet --config /dev/null
	chown root:prizegen /etc/prizegen/secrets-key
	chmod 0640 /etc/prizegen/secrets-key
fi

# Only a first installation creates the database (deb: no previous version, rpm: 1). If the
# file is missing on an upgrade, it was lost.
if { [ "$1" = configure ] && [ -z "${2:-}" ]; } || [ "$1" = 1 ]; then
	runuser -u prizegen -- /usr/bin/prizegen db create --config /etc/prizegen/config.yaml ||
		echo "prizegen: cannot create the database; see the error above"
fi

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
	systemctl try-restart prizegen.service || :
	systemctl is-active --quiet prizegen.service ||
		echo "prizegen: start the web service with: systemctl enable --now prizegen"
fi
