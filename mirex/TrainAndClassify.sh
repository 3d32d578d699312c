#!/bin/sh
# TrainAndClassify.sh SCRATCH TRAINLIST TESTLIST OUTPUT
# Options of `duotone mirex train-classify` and -numThreads N may be anywhere among the arguments. If the program is
# not on the PATH, set DUOTONE to its path.
exec "${DUOTONE:-duotone}" mirex train-classify "$@"
