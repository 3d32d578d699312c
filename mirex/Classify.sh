#!/bin/sh
# Classify.sh SCRATCH TESTLIST OUTPUT
# Options of `duotone mirex classify` and -numThreads N may be given anywhere. DUOTONE names the program where it is not on the path.
exec "${DUOTONE:-duotone}" mirex classify "$@"
