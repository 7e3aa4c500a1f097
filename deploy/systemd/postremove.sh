#!/bin/sh
# After a removal. /var/lib/prizegen stays even after a purge: the campaigns in it are the
# evidence of promised prizes.
set -e
if [ "$1" = purge ]; then
	rm -f /etc/prizegen/admin-password /etc/prizegen/admin-token
	[ -d /var/lib/prizegen ] && echo "prizegen: /var/lib/prizegen and the user prizegen are kept; remove them by hand"
fi
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload || :
fi
