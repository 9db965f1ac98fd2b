"""Makes `python -m shorthaul` the same as `shorthaul`."""

from shorthaul.cli.main import main

if __name__ == "__main__":
    main()
