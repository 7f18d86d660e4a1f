"""Management objects: the specializations of mgmtObj, one file each (TS-0001 annex D, TS-0022)."""
