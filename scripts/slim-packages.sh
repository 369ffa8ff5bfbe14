#!/bin/sh
# Removes from installed packages what a running worker never reads: about 170 MB of native code for other machines,
# declarations, source maps and sources. For images, where the workflows are bundled already. Licences stay.
set -eu
cd "$1"

case "$(node -p process.arch)" in
  x64) machine=x86_64-unknown-linux-gnu ;;
  arm64) machine=aarch64-unknown-linux-gnu ;;
  *) echo 'Temporal has no native code for this machine.' >&2 && exit 1 ;;
esac
find @temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name "$machine" -exec rm -rf {} +

# The bundler's compiler; its callers load it only when they bundle.
rm -rf @swc
find . -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.md' \) \
  ! -iname 'licen[cs]e*' ! -iname 'notice*' ! -iname 'copying*' -delete
# Built for browsers and bundlers.
rm -rf @opentelemetry/*/build/esm @opentelemetry/*/build/esnext
rm -rf @temporalio/*/src @temporalio/core-bridge/sdk-core zod/src rxjs/src
