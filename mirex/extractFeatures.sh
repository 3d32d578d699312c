#!/bin/sh
# extractFeatures.sh SCRATCH FILELIST
# Options of `duotone mirex extract` and -numThreads N may be anywhere among the arguments. If the program is
# not on the PATH, set DUOTONE to its path.
exec "${DUOTONE:-duotone}" mirex extract "$@"
