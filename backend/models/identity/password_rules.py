# models/identity/password_rules.py -- what a password may be: a new one is not one of those that are tried first.
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from models.shapes import STORABLE

MIN_PASSWORD = 8
MAX_PASSWORD = 1_024
TOO_COMMON = "is one of those that are tried first: choose another one"
# From published lists of passwords that were found out; those that `is_guessed_first` knows by its rules are left out.
COMMON = frozenset(
    """
    password password1 password12 password123 password1234 passw0rd passw0rd1 p@ssw0rd p@ssword pa55word
    qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 qwerty12345 qwertz123 azerty123 1q2w3e4r 1q2w3e4r5t 1qaz2wsx
    1qaz2wsx3edc q1w2e3r4 q1w2e3r4t5 qazwsxedc zaq12wsx zaq1zaq1 asdfghjk asdfghjkl asdf1234 zxcvbnm1 zxcvbnm123
    1234qwer 123qweasd 123456789a 12345678a a1234567 a12345678 a123456789 aa123456 aa12345678 abc12345 abcd1234
    abc123456
    123123123 12341234 123321123 147258369 159357159 987654321a 11223344 1122334455 1029384756 123654789 31415926
    iloveyou iloveyou1 iloveyou2 iloveyou12 sunshine sunshine1 princess princess1 football football1 baseball baseball1
    basketball superman superman1 batman123 spiderman trustno1 welcome1 welcome12 welcome123 welcome1! letmein1
    letmein123 whatever whatever1 starwars starwars1 computer computer1 internet michael1 jennifer jessica1 danielle
    samantha charlie1 jordan23 master123 monkey123 dragon123 shadow123 pokemon1 pokemon123 liverpool liverpool1
    chelsea1 arsenal1 mercedes corvette midnight dolphins butthead maverick chocolate cheese123 freedom1 blink182
    metallica slipknot changeme changeme1 changeme123 adminadmin administrator admin123 admin1234 admin12345 root1234
    test1234 test12345 testtest testing1 testing123 secret123 secret12 default1 default123 guest123 login123 user1234
    hello123 hello1234 passport passwort passwort1 passwort123 hallo123 schalke04 motdepasse contraseña contrasena
    summer2023 summer2024 summer2025 summer2026 winter2023 winter2024 winter2025 winter2026
    """.split()
)


def is_guessed_first(password: str) -> bool:
    """Whether it is common, has two characters at most, or counts or spells on from its first one, or back."""
    word = password.casefold()
    if word in COMMON or len(set(word)) < 3:
        return True
    # 1234567890 goes on behind the nine.
    codes = [ord(character) for character in word.replace("90", "9:").replace("09", ":9")]
    return len({after - before for before, after in pairwise(codes)}) == 1


def check_new_password(password: str) -> str:
    if is_guessed_first(password):
        raise ValueError(TOO_COMMON)
    return password


# One that is to be: too short is no use. One that is asked for again is right or wrong, whatever its length.
NewPassword = Annotated[
    str,
    StringConstraints(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD),
    STORABLE,
    AfterValidator(check_new_password),
]
CurrentPassword = Annotated[str, StringConstraints(min_length=1, max_length=MAX_PASSWORD), STORABLE]
