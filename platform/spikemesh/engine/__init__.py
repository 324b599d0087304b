"""Pure, deterministic execution of chip programs: no Ray, no files, no clock."""
