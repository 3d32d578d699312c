#!/bin/sh
# Train.sh SCRATCH TRAINLIST
# Options of `duotone mirex train` and -numThreads N may be given anywhere. DUOTONE names the program where it is not on the path.
exec "${DUOTONE:-duotone}" mirex train "$@"
