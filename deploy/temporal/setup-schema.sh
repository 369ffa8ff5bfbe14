#!/bin/sh
# Creates Temporal's two databases, or updates their schemas to this version's. Safe to repeat.
set -eu
SQL_PASSWORD="$(cat "${POSTGRES_PASSWORD_FILE:-/run/secrets/postgres_password}")"
export SQL_PASSWORD
schemas="${SCHEMAS:-/etc/temporal/schema/postgresql/v12}"

tool() {
  temporal-sql-tool --plugin postgres12 --ep "${POSTGRES_HOST:-postgres}" -p "${POSTGRES_PORT:-5432}" -u temporal --db "$@"
}
set_up() {
  tool "$1" create
  tool "$1" setup-schema -v 0.0
  tool "$1" update-schema -d "$schemas/$2/versioned"
}
set_up temporal temporal
set_up temporal_visibility visibility
