"""From a bound network and a system to chip programs: partition, place, route, build."""
