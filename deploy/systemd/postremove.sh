#!/bin/sh
# After a removal. Campaigns in /var/lib/prizegen stay even when the package is
# purged: they are the evidence of prizes that were promised.
set -e
if [ "$1" = purge ]; then
	rm -f /etc/prizegen/admin-password /etc/prizegen/admin-token
	[ -d /var/lib/prizegen ] && echo "prizegen: /var/lib/prizegen and the user prizegen are kept; remove them by hand"
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
fi
