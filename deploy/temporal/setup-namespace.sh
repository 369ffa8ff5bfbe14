#!/bin/sh
# Registers the namespace and the search attributes that the workflows set. Safe to repeat.
set -eu
temporal operator cluster health
temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" > /dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"

# The server takes some seconds to know a namespace that is new.
tries=0
until present="$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE")"; do
  tries=$((tries + 1))
  if [ "$tries" -ge 30 ]; then exit 1; fi
  sleep 1
done
for name in AlgoliaAppId AlgoliaTaskId AlgoliaRunId AlgoliaIndex ApprovalState Outcome; do
  echo "$present" | grep -q "$name" ||
    temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword
done
