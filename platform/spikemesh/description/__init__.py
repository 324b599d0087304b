"""What a user describes: network, system, mapping and run, as frozen data that executes nothing."""
