#!/bin/sh
# extractFeatures.sh SCRATCH FILELIST
# Options of `duotone mirex extract` may follow. DUOTONE names the program where it is not on the path.
exec "${DUOTONE:-duotone}" mirex extract "$@"
