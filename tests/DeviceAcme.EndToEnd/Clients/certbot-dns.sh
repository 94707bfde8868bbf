#!/bin/sh
# certbot --manual: the record of one dns-01 challenge
set -eu
echo "_acme-challenge.$CERTBOT_DOMAIN $CERTBOT_VALIDATION" >>"$TXT_RECORDS"
