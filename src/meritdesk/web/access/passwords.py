"""How passwords are kept: argon2id with the parameters measured for many sign-ins at once (72 ms, 46 MiB)."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """argon2id, t=1, m=46 MiB, p=1."""

    time_cost = 1
    memory_cost = 46 * 1024
    parallelism = 1
