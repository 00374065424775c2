"""Which language a message is written in: the script first, then the small words only one language has.

Word lists of our own, because a message is often one or two words, where statistical detectors guess
("merci" is Polish to one of them), and because they cost no memory.
"""

import re
import unicodedata
from functools import cache

# Script ranges, asked in this order: Japanese also uses Chinese signs, so kana come first.
SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("ko", re.compile("[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile("[\u4e00-\u9fff]")),
    ("ar", re.compile("[\u0600-\u06ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)
CYRILLIC = re.compile("[\u0400-\u04ff]")
UKRAINIAN = re.compile("[іїєґ]")
UKRAINIAN_WORDS = re.compile(
    r"\b(?:ми|ви|що|як|чому|хто|вони|він|вона|добре|дякую|привіт|будь|звісно|клієнти|пацієнти)\b"
)
RUSSIAN = re.compile("[ыэъё]")

# Frequent words. One that two languages share counts for both, so that the others of the sentence decide.
WORDS: dict[str, str] = {
    "en": """the and is are was were be been a an of to in on for with we you i it my our your they he she this that
        not do does did have has can could would should will what why where when how which who yes no ok okay hi hello
        hey thanks thank please from at by as or but so if about me us go start stop skip help there us all use show""",
    "es": """el la los las un una unos y o es son está están somos soy de del en con por para que qué cómo dónde
        cuándo nosotros nuestra nuestro mi su no sí pero más muy hola gracias buenos buenas días puede puedes quiero sé
        tenemos tengo hay se lo al usted habla hablas español pacientes clientes sobre también porque cuánto
        ayuda siguiente vale claro saber empezar empecemos""",
    "fr": """le la les un une des et ou est sont sommes suis de du en avec pour que quoi comment où quand nous vous
        notre nos votre mon ma je tu il elle ne pas oui non mais plus très bonjour salut merci peut pouvez veux avons
        avez ai y se au aux ce cette c'est d'une d'un qu'est s'il plaît l'on dans sur parlez français bien sûr chez
        d'accord aussi""",
    "de": """der die das ein eine einen einem einer und oder ist sind bin war wir ihr sie ich du er es mit für von zu
        im in den dem des auf nicht kein keine ja nein aber mehr sehr hallo guten tag danke bitte kann können möchte
        wollen haben habe hat unser unsere mein was wie wo wann warum wer welche auch noch dass daß sich bei über
        sprichst deutsch weiß weiter los klar schon jetzt gerne""",
    "pt": """o a os as um uma uns e ou é são está estão somos sou de do da dos das em no na com por para que como
        onde quando nós nosso nossa meu minha seu não sim mas mais muito olá oi obrigado obrigada bom dia você pode
        quero temos tenho há se ao pelo pela também fala português sobre porque isso vamos sei""",
    "it": """i il lo la gli le un una uno e o è sono siamo sei di del della dei delle in nel con per che cosa come dove
        quando noi nostro nostra mio mia suo non sì ma più molto ciao buongiorno grazie prego può puoi voglio abbiamo
        ho ci si al alla anche perché parli italiano questo questa dal sul certo andiamo""",
    "nl": """de het een en of is zijn ben was wij we jij je ik hij zij ze met voor van naar in op niet geen ja nee
        maar meer heel hallo hoi dank bedankt kan kunnen wil willen hebben heb heeft onze ons mijn wat hoe waar wanneer
        waarom wie welke ook nog dat dit bij over spreek nederlands graag alstublieft weet goed""",
    "pl": """i w na z ze do od się jest są jestem jesteśmy nie tak ale to ten ta co jak gdzie kiedy dlaczego kto my wy
        nasz nasza mój moja dla o po przez czy cześć dzień dobry dziękuję dzięki proszę może można chcę mamy mam też
        oraz już bardzo polsku wiem""",
    "tr": """ve bir bu şu o ne için ile de da mi mı mu mü değil evet hayır ama çok daha biz siz ben sen bizim benim
        var yok nasıl nerede neden kim merhaba selam teşekkürler lütfen istiyorum olarak gibi kadar sonra tamam hastalar
        müşteriler bilmiyorum türkçe devam""",
    "vi": """là và của có không được cho tôi chúng bạn này đó với trong một các những ở từ gì như thế nào đâu khi sao
        ai xin chào cảm ơn vâng muốn thể làm người khách hàng tiếng việt tiếp tục biết""",
}  # fmt: skip
# Letters that hardly any other of these languages writes.
LETTERS: dict[str, str] = {
    "es": "ñ¿¡",
    "fr": "œëùû",
    "de": "ß",
    "pt": "ãõ",
    "pl": "łśźżęąńć",
    "tr": "ğışİ",
    "vi": "ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
}
LANGUAGE_NAMES = {
    "en": "English", "es": "Spanish", "fr": "French", "de": "German", "pt": "Portuguese", "it": "Italian",
    "nl": "Dutch", "pl": "Polish", "tr": "Turkish", "vi": "Vietnamese", "ja": "Japanese", "ko": "Korean",
    "zh": "Chinese", "ar": "Arabic", "hi": "Hindi", "uk": "Ukrainian", "ru": "Russian",
}  # fmt: skip
WORD = re.compile(r"(?<![\w-])[^\W\d_]+(?:'[^\W\d_]+)?(?![\w-])")  # "e-mails" holds no Portuguese "e"
LONGEST_READ = 2_000  # characters; a language shows itself sooner
# So many of its frequent words, and this share of all words, show a language clearly.
CLEAR_WORDS, CLEAR_SHARE = 4, 0.2


@cache
def _words(code: str) -> frozenset[str]:
    return frozenset(WORDS[code].split())


def detect(text: str) -> str:
    """The ISO 639-1 code of the text's language; "en" where nothing speaks against it."""
    text = unicodedata.normalize("NFC", text[:LONGEST_READ]).replace("’", "'")
    low = text.lower()
    letters = sum(c.isalpha() for c in low) or 1
    for code, script in SCRIPTS:
        if len(script.findall(low)) * 4 >= letters:
            return code
    if len(CYRILLIC.findall(low)) * 2 >= letters:
        return _cyrillic(low)
    return _latin(low)


def shown(text: str) -> str | None:
    """The language that the text shows clearly; None where it is too short or mixed to tell.

    `detect` answers for every message; this is for leaving rows out, where a wrong guess costs a good row.
    """
    text = unicodedata.normalize("NFC", text[:LONGEST_READ]).replace("’", "'").lower()
    code = detect(text)
    if code not in WORDS:
        return code
    found = WORD.findall(text)
    scores = {each: sum(word in _words(each) for word in found) for each in WORDS}
    others = max(score for each, score in scores.items() if each != code)
    clear = scores[code] >= max(CLEAR_WORDS, CLEAR_SHARE * len(found)) and scores[code] >= 1.5 * others
    return code if clear else None


def _cyrillic(low: str) -> str:
    ukrainian = len(UKRAINIAN.findall(low)) + len(UKRAINIAN_WORDS.findall(low))
    return "uk" if ukrainian > len(RUSSIAN.findall(low)) and ukrainian else "ru"


def _latin(low: str) -> str:
    words = WORD.findall(low)
    scores = {code: float(sum(w in _words(code) for w in words)) for code in WORDS}
    for code, signs in LETTERS.items():
        scores[code] += 0.5 * sum(any(sign in w for sign in signs) for w in words) + sum(low.count(c) for c in "¿¡") * (
            code == "es"
        )
    best = max(scores, key=lambda code: scores[code])
    # English needs no proof; another language needs more than English has.
    return best if scores[best] > scores["en"] else "en"
