#!/bin/sh
# Train.sh SCRATCH TRAINLIST
# Options of `duotone mirex train` may follow. DUOTONE names the program where it is not on the path.
exec "${DUOTONE:-duotone}" mirex train "$@"
