"""``python -m tgnas`` is the command ``tgnas``."""

from tgnas.cli import main

if __name__ == "__main__":
    main()
