#!/bin/sh
# extractFeatures.sh SCRATCH FILELIST
# Options of `duotone mirex extract` and -numThreads N may be given anywhere. DUOTONE names the program where it is not on the path.
exec "${DUOTONE:-duotone}" mirex extract "$@"
