#!/bin/sh
# Runs after a removal. It keeps /var/lib/prizegen even after a purge, because the campaigns
# in it are evidence of the prizes that were promised. It also keeps the key of their seeds.
set -e
if [ "$1" = purge ]; then
	rm -f /etc/prizegen/admin-password /etc/prizegen/admin-token
	[ -d /var/lib/prizegen ] && echo "prizegen: kept /var/lib/prizegen, /etc/prizegen/secrets-key and the user prizegen; remove them manually if you no longer need them"
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
fi
