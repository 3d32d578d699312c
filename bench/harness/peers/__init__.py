"""The other programs. Each is a module with ``works(threads, *arguments)``, which returns ``check``, a
function without arguments that returns results by name, and ``run``, a dictionary of the works."""
