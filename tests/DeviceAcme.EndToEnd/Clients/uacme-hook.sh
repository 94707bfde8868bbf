#!/bin/sh
# uacme: begin TYPE NAME TOKEN VALUE. A type that is not wanted is refused with 1, and uacme asks for the next.
set -eu
[ "$1" = begin ] || exit 0
[ "$2" = "$CHALLENGE" ] || exit 1
case $2 in
  http-01) printf %s "$5" >"$WEB_ROOT/$4" ;;
  dns-01) echo "_acme-challenge.$3 $5" >>"$TXT_RECORDS" ;;
  tls-alpn-01) [ "$(echo "auth $3 $5" | ualpn --sock "$UALPN_SOCKET")" = OK ] ;;
esac
