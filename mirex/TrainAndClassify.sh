#!/bin/sh
# TrainAndClassify.sh SCRATCH TRAINLIST TESTLIST OUTPUT
# Options of `duotone mirex train-classify` and -numThreads N may be given anywhere. DUOTONE names the program where it is not on the path.
exec "${DUOTONE:-duotone}" mirex train-classify "$@"
