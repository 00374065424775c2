"""What is known beforehand: names and places of many countries (Faker's lists), and ordinary English words.

`words.txt` holds words that documentation, our own packs and our starter model's vocabulary write with a small first
letter: a capitalised word among them is a sentence's or a heading's, seldom a name. Words that are both (Grant, Will)
need more than a capital to pass as a name. It was counted once; the command was not kept. Later joined: 3,900 words
that are no name of the lists and that 7.8 million words of public manuals, textbooks and laws write small at least
eight times, and twenty times as often as with a capital within a sentence; and some by hand. `names.txt` adds names
that Faker lacks in Latin letters.
"""

import pkgutil
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files

from finetune.data.document import words

LATIN = re.compile(r"[A-Za-zÀ-ɏḀ-ỿ’'\- .]{2,60}")
NAME_LISTS = re.compile(r"(first|last)_(?:romanized_)?names?(?:_|$)|^(first|last)_names")
PLACE_LISTS = words(
    "cities city_names towns municipalities villages districts counties states provinces regions cantons countries"
)
PARTICLES = words(
    "de da di du del della dos das do van von der den zu zur zum bin ibn al el la le ter ten te af av e y i d"
)
# Of Faker's lists, what English sentences, firms and brands say oftener than a person's name.
NOT_NAMES = words(
    """
    alexa siri cortana venmo visa discover fannie ginnie sallie freddie mae mac roth cobra miranda stark
    dodd apgar hodgkin alzheimer parkinson crohn down graves addison
    cushing raynaud tourette asperger kaposi bell wilson marfan turner huntington doppler pap medicare
    english french german spanish italian dutch swedish danish polish russian greek turkish arabic chinese japanese
    hindi latin mon tue wed thu fri sat sun jan feb mar apr jun jul aug
    sep sept oct nov dec llc inc ltd usa uk eu us uae covid hiv aids mri ssn iban gdpr hipaa internet
    python java linux
    tbd faq pdf iso usd eur gbp dna atm pin vat api url html christ jesus bible koran islam catholic christian jewish
    muslim hindu buddhist santa madam sir mister sirs bot user agent assistant customer caller
    the our your you we all any both every each some this that these those they
    sie ihr ihre ihnen wir uns bitte der die das den dem ein eine einen einer und oder wenn dann bei für mit von vom
    zum zur als auch nach über unter nicht kein keine ich du er es mein meine dein kann wird sind ist war
    usted ustedes ellos nosotros por para con sin pero como cuando donde los las uno este esta estos
    vous nous ils votre notre vos nos les des une dans sur sous avec sans pour par merci
    você ele nós para com sem como quando onde isso esta este uma dos das
    esc ctrl alt enter del shift tab
    """
)
# Given names that are words too and may open a sentence (Frank answers help; Sue if you must): a lone one there needs
# a word beside it that tells a person. Our list of ordinary words, counted from technical prose, lacks most of them.
ALSO_WORDS = words(
    """
    amber angel art april ash august basil bill bob brook brooke buck buddy bud carol case chance chase chip chelsea
    clay cliff colt coral crystal daisy dale dawn dean dee dick drew duke earl eve faith fern flora forest frank
    gale gay gene ginger glen glory grace grant guy hazel heath heather holly honor hope hunter iris ivy jack jade
    jasmine jay jean jenny jewel john josh joy jude june ken kit lance lane lily lincoln lord major mark marsh matt
    max may mercy miles mike misty neil nick noble norm olive opal page pam pansy pat patience paul pearl penny peter
    piper poppy prince queen ray red reed rich rob robin rock rod roman rose ruby rusty ruth sandy sage sally sierra
    sky skip sonny star sterling stew storm sue summer sunny tab terry tiffany tim tom tony trinity ty victor viola
    violet wade ward warren wayne will willow winter woody van victoria austin jordan paris madison savannah
    """
)
# Places that parents name children after: lists of names keep them, and something beside them must decide.
ALSO_GIVEN = words(
    """
    georgia jordan chad virginia florence charlotte austin carolina adelaide victoria sydney paris london brooklyn
    madison dakota israel savannah chelsea indiana montana alberta phoenix memphis bristol kenya ireland berlin vienna
    milan sofia lourdes asia india china america
    """
)
FIRMS = words(
    """
    zelle fargo moody moodys nasdaq norton adobe oracle sage intuit square stripe paypal amazon google apple microsoft
    tesla ford toyota honda nokia samsung motorola verizon aetna cigna humana anthem geico allstate prudential lloyd
    lloyds barclays santander chase schwab vanguard fidelity facebook twitter instagram whatsapp linkedin youtube
    tiktok netflix uber lyft airbnb ebay etsy fedex ups usps dhl walmart costco walgreens citibank citigroup hsbc
    natwest monzo revolut equifax experian transunion mastercard allianz axa ikea siemens bosch pfizer moderna bayer
    """
)
PLACES_MORE = words(
    """
    europe america africa asia antarctica australia
    london paris berlin madrid rome vienna dublin lisbon prague warsaw athens brussels amsterdam copenhagen stockholm
    oslo helsinki zurich geneva munich cologne hamburg frankfurt milan naples florence venice turin barcelona seville
    boston chicago houston dallas austin denver phoenix seattle portland detroit atlanta miami orlando tampa
    cleveland columbus cincinnati pittsburgh philadelphia baltimore minneapolis milwaukee memphis nashville charlotte
    sacramento oakland manhattan brooklyn queens bronx toronto montreal vancouver calgary ottawa edmonton winnipeg
    sydney melbourne brisbane perth adelaide auckland wellington tokyo osaka kyoto beijing shanghai mumbai delhi
    bangalore chennai kolkata karachi lahore dubai istanbul ankara cairo lagos nairobi johannesburg durban manchester
    birmingham liverpool leeds sheffield bristol glasgow edinburgh cardiff belfast cambridge oxford nottingham
    leicester coventry scotland wales england ireland britain bavaria texas california florida ohio georgia virginia
    carolina dakota montana nevada utah idaho oregon washington arizona colorado kansas missouri iowa illinois
    indiana kentucky tennessee alabama mississippi louisiana arkansas oklahoma nebraska minnesota wisconsin michigan
    pennsylvania delaware maryland connecticut massachusetts vermont maine hawaii alaska wyoming ontario quebec alberta
    manitoba saskatchewan brixton kenosha
    """
)
NATIONALITIES = words(
    """
    afghan albanian algerian american andorran angolan argentine argentinian armenian australian austrian azerbaijani
    bahraini bangladeshi belarusian belgian bolivian bosnian brazilian british bulgarian burmese cambodian cameroonian
    canadian catalan chilean chinese colombian congolese croatian cuban cypriot czech danish dominican dutch ecuadorian
    egyptian english estonian ethiopian filipino finnish french georgian german ghanaian greek greenlander greenlandic
    guatemalan haitian honduran hungarian icelandic indian indonesian iranian iraqi irish israeli italian jamaican
    japanese jordanian kazakh kenyan korean kosovan kurdish kuwaiti latvian lebanese liberian libyan lithuanian
    luxembourgish macedonian malaysian maltese mexican moldovan mongolian montenegrin moroccan nepalese nepali nigerian
    norwegian pakistani palestinian panamanian paraguayan peruvian polish portuguese qatari romanian russian rwandan
    salvadoran samoan saudi scottish senegalese serbian singaporean slovak slovene slovenian somali spanish sudanese
    swedish swiss syrian taiwanese tanzanian thai tibetan tongan tunisian turkish ugandan ukrainian uruguayan uzbek
    venezuelan vietnamese welsh yemeni zambian zimbabwean hispanic latino latina latinx african-american
    swede dane finn turk spaniard brit scot scotsman irishman frenchman dutchman serb croat kurd arab persian slav
    muslim catholic protestant hindu buddhist sikh mormon orthodox jewish jew atheist
    """
)
# Endings that make an English word of nearly any stem: no list holds them all.
ENGLISH_ENDING = re.compile(
    r".{3,}(?:tion|tions|ment|ments|ness|able|ible|itis|osis|emia|aemia|ology|ography|graphy|ectomy|pathy|ings?|ship|"
    r"less|ized|ised|ously|ically|ability|ibility|ers|ically|dependent)$"
)


@dataclass(frozen=True)
class Lists:
    """All in small letters; names also without their accents."""

    given: frozenset[str]
    family: frozenset[str]
    places: frozenset[str]  # towns, regions and countries, of one or more words
    large: frozenset[str]  # countries and the largest towns, which seldom mean a person
    ordinary: frozenset[str]

    def is_place(self, lower: str) -> bool:
        """A place and no given name, or a place so large that its name seldom means a person (Paris, Virginia)."""
        return lower in self.large or (lower in self.places and lower not in self.given)

    def is_name(self, lower: str) -> bool:
        """A given or family name of some country, or two joined by a hyphen."""
        if lower in self.given or lower in self.family:
            return True
        return "-" in lower and all(part in self.given or part in self.family for part in lower.split("-"))

    def is_ordinary(self, lower: str) -> bool:
        if lower in self.ordinary or lower.replace("'", "") in self.ordinary or lower.startswith("i'"):
            return True
        if lower in NATIONALITIES or (lower[-1:] == "s" and lower[:-1] in NATIONALITIES):
            return True
        if "-" in lower:
            return any(part in self.ordinary for part in lower.split("-") if len(part) > 2) and not self.is_name(lower)
        return lower not in self.given and lower not in self.family and bool(ENGLISH_ENDING.match(lower))


@cache
def lists() -> Lists:
    """Read once, about a second of work."""
    given: set[str] = set()
    family: set[str] = set()
    for attribute, entries in _faker("person"):
        kind = NAME_LISTS.search(attribute)
        if kind:
            (given if "first" in kind[0] else family).update(_name_words(entries))
    for names, line in zip((given, family), _more_names(), strict=True):
        names.update(_name_words(line))
    places = {name for attribute, entries in _faker("address") if attribute in PLACE_LISTS for name in entries}
    ordinary = frozenset((files(__package__) / "words.txt").read_text(encoding="utf-8").split())
    large = PLACES_MORE | {
        name.lower() for attribute, entries in _faker("address") if attribute == "countries" for name in entries
    }
    unnamed = NOT_NAMES | NATIONALITIES | FIRMS
    towns = {name.lower().strip() for name in places if len(name) > 3 and LATIN.fullmatch(name)}
    return Lists(
        given=frozenset(given - unnamed - (large - ALSO_GIVEN)),
        family=frozenset(family - unnamed - large),
        places=frozenset(towns - ordinary - NOT_NAMES - FIRMS | large),
        large=frozenset(large),
        ordinary=(ordinary | NOT_NAMES) - FIRMS,
    )


def _more_names() -> list[list[str]]:
    """Given and family names of `names.txt`."""
    lines = (files(__package__) / "names.txt").read_text(encoding="utf-8").splitlines()
    sections = "\n".join(line for line in lines if not line.startswith("#")).split("\n=\n")
    return [section.split() for section in sections]


def _faker(topic: str) -> Iterator[tuple[str, list[str]]]:
    """Each list of strings in Faker's modules of a topic, with the name of the attribute that holds it."""
    package = import_module(f"faker.providers.{topic}")
    for module in pkgutil.iter_modules(package.__path__):
        provider = import_module(f"{package.__name__}.{module.name}").Provider
        for attribute in dir(provider):
            if attribute in PLACE_LISTS or NAME_LISTS.search(attribute):
                value = getattr(provider, attribute)
                if isinstance(value, (list, tuple, dict)):
                    yield attribute, [entry for entry in value if isinstance(entry, str)]


def _name_words(entries: list[str]) -> Iterator[str]:
    for entry in entries:
        if LATIN.fullmatch(entry):
            for part in entry.lower().replace("’", "'").split():
                if len(part) > 2 and part not in PARTICLES:
                    yield part
                    if not part.isascii():
                        yield plain(part)


def plain(word: str) -> str:
    """Without accents: names are often typed so."""
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
