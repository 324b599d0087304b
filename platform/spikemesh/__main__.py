"""``python -m spikemesh``."""

from spikemesh.cli import main

if __name__ == "__main__":
    main(prog_name="spikemesh")
