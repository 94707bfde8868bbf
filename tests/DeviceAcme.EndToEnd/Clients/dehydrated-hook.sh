#!/bin/sh
# dehydrated: deploy_challenge NAME TOKEN VALUE for dns-01; for the other types it writes the files itself
set -eu
if [ "$1" = deploy_challenge ] && [ "$CHALLENGETYPE" = dns-01 ]; then
  echo "_acme-challenge.$2 $4" >>"$TXT_RECORDS"
fi
