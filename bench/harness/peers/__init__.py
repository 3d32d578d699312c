"""The other programs, each a module with ``works(threads, *arguments)`` that gives ``check``, a
function without arguments that returns results by name, and ``run``, functions by the works' names."""
