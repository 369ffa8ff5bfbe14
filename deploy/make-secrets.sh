#!/bin/sh
# Makes the files that docker-compose.yml mounts as secrets. What is there is left alone, so it may be run again.
set -eu
cd "$(dirname "$0")"
# The directory keeps others of this machine out; in a container each file has another owner than its reader.
mkdir -p -m 700 secrets
mkdir -p secrets/worker records

random() { node -p "require('node:crypto').randomBytes($1).toString('base64')" 2> /dev/null || openssl rand -base64 "$1"; }
make() {
  if [ -s "secrets/$1" ]; then return; fi
  printf '%s' "$2" > "secrets/$1"
  chmod 644 "secrets/$1"
  echo "made deploy/secrets/$1"
}
make postgres_password "$(random 24 | tr '+/' '-_')"
make grafana_password "$(random 18 | tr '+/' '-_')"
make temporal_codec_keys "$(date +%Y-%m):$(random 32)"
if [ ! -s secrets/algolia_api_key ]; then
  make algolia_api_key demo-key
  echo 'deploy/secrets/algolia_api_key holds the key of the simulator: put the key of your application there'
fi
