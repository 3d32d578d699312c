#!/bin/sh
# Train.sh SCRATCH TRAINLIST
# Options of `duotone mirex train` and -numThreads N may be anywhere among the arguments. If the program is
# not on the PATH, set DUOTONE to its path.
exec "${DUOTONE:-duotone}" mirex train "$@"
