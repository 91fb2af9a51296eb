"""Many incidents at once: each case in a process of its own, its results on disk, nothing shared but folders.

`guard.run` is the unit of work, wherever it runs: it has a child process analyse one case within limits of time and
memory, and leaves the outcome in the output folder. Executors only say where units run. What is done is known by the
content of the captures, the version, the rules and the options, so a run that was broken off goes on where it ended.
"""
