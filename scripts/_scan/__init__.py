"""Reads programs that use `ray` and says of each name whether beam has it.

`sources` finds the Python files of a tree, wheel or sdist; `reader` walks one file's syntax tree
with the values of `values`; `project` lets files see what others export; `table` knows what beam
has, from `shim_py/ray/_api.py`; `report` shows it; `names_file` keeps names for CI.

What only running the program would tell (names made of strings at run time, values that come out
of calls of unknown functions) is out of scope.
"""
