#!/bin/sh
# Creates a certificate authority for the services, and a certificate for each of them and
# for NGINX. It keeps existing files, except certificates that expire within 90 days, so you
# can run it again. The authority's key stays in the folder; no service needs it.
#
#   deploy/certificates.sh FOLDER
set -eu
umask 077
cd "$1"

# Everybody may read the files, because the containers run as different users. The folder's
# mode must keep other users of the machine out.
install_file() { # install_file FILE: moves FILE.new to FILE
	chmod 444 "$1.new"
	mv "$1.new" "$1"
	echo "certificates: created $1"
}
key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

if [ ! -e service_ca.pem ]; then
	# shellcheck disable=SC2086
	openssl req -x509 $key -days 3650 -subj "/CN=prizegen services" -addext keyUsage=critical,keyCertSign \
		-keyout service_ca_key.new -out service_ca.pem.new 2>/dev/null
	mv service_ca_key.new service_ca_key.pem
	install_file service_ca.pem
fi
for name in text number prize core nginx; do
	if [ -e "service_$name.pem" ] && openssl x509 -noout -checkend 7776000 -in "service_$name.pem" >/dev/null; then
		continue
	fi
	printf 'subjectAltName=DNS:%s,DNS:tasks.%s,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n' "$name" "$name" >extensions.new
	# shellcheck disable=SC2086
	openssl req -new $key -subj "/CN=$name" -keyout "service_${name}_key.pem.new" -out request.new 2>/dev/null
	openssl x509 -req -in request.new -CA service_ca.pem -CAkey service_ca_key.pem -set_serial "0x$(openssl rand -hex 16)" \
		-days 825 -extfile extensions.new -out "service_$name.pem.new" 2>/dev/null
	install_file "service_${name}_key.pem"
	install_file "service_$name.pem"
	rm -f extensions.new request.new
done
