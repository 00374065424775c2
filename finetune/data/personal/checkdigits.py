"""Numbers that prove themselves: check digits of cards, accounts, health and identity numbers of several countries.

Each function takes the bare characters (no blanks or hyphens, letters large) of the length its pattern demands.
"""


def luhn(digits: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1, annex B)."""
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits))]
    return len(set(digits)) > 1 and sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def iban(text: str) -> bool:
    """The check digits of a bank account (ISO 13616): the rearranged number leaves 1 when divided by 97."""
    return 15 <= len(text) <= 34 and int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def nhs(digits: str) -> bool:
    """The check digit of the English health service's number (NHS Data Dictionary, modulus 11)."""
    rest = 11 - sum(int(d) * (10 - i) for i, d in enumerate(digits[:9])) % 11
    return len(set(digits)) > 1 and rest % 11 == int(digits[9])


def spanish_id(text: str) -> bool:
    """The letter of a Spanish NIF or NIE: the number's remainder by 23 chooses it."""
    number = text[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


def canadian_sin(digits: str) -> bool:
    """A Canadian social insurance number: the cards' check digit; none begins with 0 or 8 (ESDC, SIN code of"
    " practice)."""
    return digits[0] not in "08" and luhn(digits)


def australian_tfn(digits: str) -> bool:
    """An Australian tax file number: weighted digits leave nothing when divided by 11 (ATO)."""
    weights = (1, 4, 3, 7, 5, 8, 6, 9, 10)
    return len(set(digits)) > 1 and sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11 == 0


def australian_medicare(digits: str) -> bool:
    """An Australian Medicare card: the ninth digit checks the first eight (Services Australia)."""
    weights = (1, 3, 7, 9, 1, 3, 7, 9)
    return digits[0] in "23456" and sum(w * int(d) for w, d in zip(weights, digits, strict=False)) % 10 == int(
        digits[8]
    )


VERHOEFF_PRODUCT = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
VERHOEFF_TURN = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def aadhaar(digits: str) -> bool:
    """An Indian Aadhaar number: Verhoeff's check over the dihedral group of ten (UIDAI); none begins with 0 or 1."""
    rest = 0
    for place, digit in enumerate(reversed(digits)):
        rest = int(VERHOEFF_PRODUCT[rest][int(VERHOEFF_TURN[place % 8][int(digit)])])
    return digits[0] not in "01" and len(set(digits)) > 1 and rest == 0


def german_tax_id(digits: str) -> bool:
    """A German tax identification number: ISO 7064 mod 11, 10; one digit stands twice or thrice in the first ten."""
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    repeated = 10 - len(set(digits[:10]))
    return digits[0] != "0" and repeated in (1, 2) and (11 - product) % 10 == int(digits[10])


def french_nir(text: str) -> bool:
    """A French social security number: the last two digits are 97 less the rest (INSEE); 2A and 2B are Corsica."""
    number = text[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and text[13:].isdigit() and 97 - int(number) % 97 == int(text[13:])


def dutch_bsn(digits: str) -> bool:
    """A Dutch citizen service number: weighted digits leave nothing when divided by 11."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return len(set(digits)) > 1 and sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11 == 0


def brazilian_cpf(digits: str) -> bool:
    """A Brazilian taxpayer number: two check digits, each by 11."""
    for length in (9, 10):
        rest = sum(int(d) * (length + 1 - i) for i, d in enumerate(digits[:length])) * 10 % 11 % 10
        if rest != int(digits[length]):
            return False
    return len(set(digits)) > 1


def polish_pesel(digits: str) -> bool:
    """A Polish identity number: weights 1, 3, 7, 9; its first six digits are a date of birth."""
    weights = (1, 3, 7, 9, 1, 3, 7, 9, 1, 3)
    check = -sum(w * int(d) for w, d in zip(weights, digits, strict=False)) % 10
    return 1 <= int(digits[2:4]) % 20 <= 12 and 1 <= int(digits[4:6]) <= 31 and check == int(digits[10])


def swedish_personnummer(digits: str) -> bool:
    """A Swedish personal number: the cards' check digit over ten digits, of which six are a date of birth."""
    digits = digits[-10:]
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) <= 31 and luhn(digits)
