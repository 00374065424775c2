"""The words that stand before, after and in names: what tells a person from a firm, a town or a thing."""

import re

from finetune.data.document import words

TITLES = words(
    """
    mr mrs ms miss mx dr prof professor doctor nurse sir madam mister missus rev reverend capt captain sgt sergeant
    judge justice attorney officer detective senator frau herr herrn señor señora señorita sr sra srta don doña madame
    monsieur mme mlle signora signor dhr mevr mw
    alhaji hajia alhaja shri sri smt kumari pastor barrister chief engr otunba comrade dom dona doña senhor
    senhora mevrouw meneer
    pan pani sensei sheikh shaykh ustad cllr councillor cpl sister matron midwife principal
    aunt uncle aunty auntie grandma grandpa father sister brother pastor rabbi imam lord lady dame lt col maj pvt cpl
    """
)
ALWAYS_TITLES = words(
    "mr mrs ms mx dr drs prof alhaji hajia shri smt frau herr herrn señor señora sra mme mlle monsieur madame "
    "signora dhr mevr"
)
# Behind a title these are no names: "Mr. Chairman", "Ms. President".
OFFICES = words(
    "chairman chairwoman chair president vice secretary speaker mayor minister ambassador director commissioner "
    "manager justice judge attorney general"
)
AFTER_NAME = words("jr sr md dds phd rn np pa dvm esq cpa lpn dpm pharmd cfa mba ii iii iv obe mp jd mph bsc msc")
# The two or three words before a run that introduce a person; a colon, a comma or nothing may stand between.
STRONG = (
    " name is", " name's", " names are", " named", " call me", " calls me", " called me", " signed", " signed by",
    " attn", " attention", " the name of", " name of", " the name", " name to", " name", " full name", " last name",
    " surname", " first name", " given name", " family name", " belongs to", " belonging to",
    " spoke to", " spoke with", " speaking to", " speaking with", " talked to", " met with", " cardholder",
    " account holder", " policyholder", " policy holder", " beneficiary", " claimant", " guarantor", " guardian",
    " insured", " next of kin", " emergency contact", " contact person", " contact", " sincerely", " regards",
    " best wishes", " yours truly", " yours faithfully", " cheers", " dear", " hi", " hello", " hey", " thanks",
    " many thanks", " best", " good morning", " good afternoon", " good evening", " written by", " prepared by",
    " reviewed by", " referred by", " requested by", " submitted by", " reported by", " songwriter", " author", " cc",
    " bcc", " from:", " my wife", " my husband", " my son", " my daughter", " my mother", " my father", " my brother",
    " my sister", " my partner", " my boss", " my colleague", " my friend", " his wife", " her husband", " his son",
    " her son", " his daughter", " her daughter", " daughter", " son", " wife", " husband", " patient",
    " client", " tenant", " employee", " applicant", " defendant", " plaintiff", " witness", " debtor", " borrower",
    " me llamo", " mi nombre es", " je m'appelle", " mon nom est", " ich heiße", " ich heisse", " mein name ist",
    " liebe", " lieber", " hola", " estimado", " estimada", " bonjour", " chère", " cher", " hallo", " grüßen",
    " freundlichen grüßen", " saludos", " atentamente", " cordialement", " mi chiamo", " sono", " ik heet",
    " correct it to", " change it to", " bill to", " ship to", " deliver to", " payable to", " co",
    " intern", " mom", " mum", " dad", " cousin", " nephew", " niece", " grandson", " granddaughter", " neighbour",
    " neighbor", " landlord", " landlady", " coworker", " co-worker", " colleague", " carer", " caregiver", " nominee",
    " my manager", " his manager", " her manager", " manager is", " supervisor", " titulaire", " titular", " sócio",
    " inhaber", " inhaberin", " kontoinhaber", " kontoinhaberin", " halter", " ansprechpartner", " patientin",
    " meine frau", " mein mann", " mein sohn", " meine tochter", " meine mutter", " mein vater", " mi marido",
    " mi mujer", " mi esposa", " mi hijo", " mi hija", " mi madre", " mi padre", " ma femme", " mon mari", " mon fils",
    " ma fille", " ma mère", " mon père", " meu marido", " minha esposa", " meu filho", " minha filha",
    " a nombre de", " au nom de", " em nome de", " nom de", " nombre de", " accompanied by", " seen by",
    " discussed with", " on behalf of", " care of", " s o", " d o", " w o", " me chamo", " meu nome é", " eu sou",
    " myself", " holder", " account name", " member", " customer", " pt", " attended by", " assigned to",
)  # fmt: skip
WEAK = (
    " i am", " i'm", " this is", " here is", " here's", " by", " ask", " asked", " tell", " told", " call",
    " with", " and", " contacted", " emailed", " informed", " starring", " including", " of", " for",
    " thank you", " add", " heard",
    " love", " saw", " ich bin", " soy", " je suis", " je m", " against", " versus", " give", " given",
    " gave", " like", " pour", " para", " por", " für", " von", " an", " con", " avec", " mit", " authorise", " "
    "authorize",
    " driver", " agent", " passenger", " officer", " operator", " technician", " engineer", " teacher", " student",
    " doctor", " physician", " therapist", " between", " behalf", " to",
)  # fmt: skip
# After these a name may be written small (my name is nijito asano).
SMALL = (" my name is", " name is", " my name's", " call me", " calls me", " full name is", " me llamo", " mein "
    "name ist", " last name is",
         " first name is", " je m'appelle")  # fmt: skip
# After these a name that stands in lists may be written small (my husband dave), since people type so.
SMALL_KNOWN = (
    " my wife", " my husband", " my son", " my daughter", " my mother", " my mom", " my mum", " my father", " my dad",
    " my brother", " my sister", " my partner", " my boss", " my manager", " my colleague", " my friend", " my cousin",
    " my uncle", " my aunt", " my neighbor", " my neighbour", " my landlord", " my doctor", " my kid", " my child",
    " his wife", " her husband", " his son", " her son", " his daughter", " her daughter", " this is", " i am", " i'm",
    " im", " its", " it's", " patient", " pt", " customer", " client", " member", " tenant", " employee", " intern",
    " student", " applicant", " hi", " hello", " hey", " dear", " thanks", " thx", " regards", " cheers", " spoke with",
    " spoke to", " talked to", " mom", " dad", " mum", " mi marido", " mi hija", " mi hijo", " mi mujer", " soy",
    " ich bin", " meine frau", " mein mann", " mein sohn", " meine tochter", " je suis", " mon mari", " ma femme",
    " mr", " mrs", " ms", " dr", " miss", " named", " called", " name",
)  # fmt: skip
SAYS = words(
    """
    said says asked asks told tells wrote writes called calls lives lived works worked shouted thinks thought moved
    replied answered explained reported confirmed complained visited signed sent agreed wants wanted
    emailed phoned rang came went died married born requested began transferred paid forgot lost bought ordered returned
    cancelled canceled applied complained noticed received filed opened closed moved left started stopped took refused
    insists insisted needs believes claims claimed suffered underwent tested suggested mentioned promised offered
    met knew knows remembered feels felt hopes hoped wishes gave gives got gets prefers drives drove teaches taught
    studies studied plays sings paints runs cooks rents rented owns owned earns earned owes owed denies states
    stated presented admitted attended
    """
)
NO_MARK_NEEDED = (" given name", " first name", " last name", " full name", " family name", " account holder",
                  " account name")  # fmt: skip
ALSO_NOUNS = words("studies states claims calls plays runs works hopes lives rents drives left")  # Cohort studies
LIVES = ("is from", "was born", "is my", "is our", "is his", "is her", "has been my", "had given", "passed away",
         "is allergic", "is married", "was admitted", "was diagnosed", "and i", "and my")  # fmt: skip
SPOKEN = (
    "can i",
    "can you",
    "could you",
    "could i",
    "would you",
    "may i",
    "i am",
    "i'm",
    "thank you",
    "thanks",
    "please",
    "aged",
    "born",
    "who",
)
GERMAN = words("der die das den dem des und ist nicht ich sie wir mit für auf bei nach von vom zum zur eine "
    "einen ein im am an "
               "kann wird werden möchten bitte ihre meine sehr geehrte nr beträgt wenden")  # fmt: skip
SPOKEN_TO = words("can could would will did do are have please i you we thanks thank what when where how who the is my")
OF_A_PERSON = words(
    """
    wife husband kid kids son daughter mother father brother sister address email e-mail phone number account birthday
    policy claim records record file chart appointment mobile house car job boss doctor lawyer signature salary name
    """
)
# Months, days and towns follow these with a comma between: "on Monday, May."
NO_CALL = words("monday tuesday wednesday thursday friday saturday sunday and or")
CLOSINGS = (" regards", " sincerely", " cheers", " best", " thanks", " wishes", " truly", " faithfully",
             " signed", " grüßen",
             " saludos", " atentamente", " cordialement", " gruß")  # fmt: skip
# Ordinary words unless a colon, comma or line break follows: "best", "contact", "client".
NEED_MARK = (" best", " contact", " client", " co", " cc", " insured", " attention", " name", " the name", " sono",
              " thanks", " regards", " cheers", " beneficiary", " guarantor", " tenant", " employee",
              " claimant", " holder", " member", " customer", " pt",
             " titular", " halter", " inhaber", " s o", " d o", " w o", " nom de", " nombre de", " assigned to",
             " supervisor", " landlord", " colleague")  # fmt: skip
PLACE_BEFORE = words("in at near from to via around outside into towards toward through across within leaving visiting")
STRICT_PLACE = words("in near via around outside within into")
PLACE_FIRST = words(
    "san santa saint st port new mount fort lake los las villa cite cité puerto ciudad santo são sankt bad upper lower"
)
PLACE_LAST = words(
    """
    city county village island islands valley beach heights springs falls bay harbour harbor town lake river park hills
    square airport station mountain forest bridge district province republic kingdom states
    """
)
THING_LAST = words(
    """
    disease syndrome palsy test act law scale foundation institute university hospital clinic center centre college
    school street avenue road league declaration plan house bank fund insurance group score index effect theorem prize
    award day express lane drive court medal method protocol rule rules amendment doctrine warning agreement trust
    ira theory model prime fever virus lymphoma sign procedure operation maneuver manoeuvre chart criteria
    """
)
ORGANISATION_LAST = words(
    """
    inc llc ltd limited corp corporation co company plc gmbh ag sa sas sarl bv nv oy ab as asa spa srl kg ohg llp lp pty
    group holdings associates partners technologies technology systems solutions industries enterprises consulting
    bank insurance hospital clinic university college school institute foundation trust union ministry department agency
    church orchestra airlines pharma pharmaceuticals laboratories labs logistics motors stores supermarkets
    ltda pvt ug eg ev eirl sl slu sac sapi kk doo ooo jsc pjsc bhd sdn pte pt tbk
    ventures traders trading builders constructions contractors roofing plumbing outfitters outfitter furnishings
    brothers sons pharmacy chemists medicals dental dentistry orthodontics veterinary surgery physiotherapy opticians
    bakery catering restaurant bistro brewery farms dairy foods textiles garments fashions jewellers boutique
    academy kindergarten nursery seminary hotel resort inn realty estates properties architects engineering
    finserv finance financial capital securities brokers brokerage assurance mutual cooperative microfinance
    telecom communications networks software analytics media studios press publishing freight shipping transport
    couriers movers garage autos electronics electricals hardware solar energy petroleum mining steel chemicals
    steuerberatung rechtsanwälte kanzlei praxis apotheke krankenhaus klinikum versicherung versicherungen verlag
    werke stadtwerke bäckerei hausverwaltung genossenschaft sparkasse volksbank hospice infirmary surgeries
    """
)
# Before the name, in languages that put them there (Clínica Santa Marta, Groupe Vauban).
ORGANISATION_FIRST = words(
    """
    hospital clínica clinica gestoría gestoria seguros panadería padaria farmácia farmacia banco banque universidad
    universidade université colegio colégio escuela escola instituto fundación fundação asociación associação
    restaurante taller talleres bufete inmobiliaria imobiliária transportes construcciones groupe atelier cabinet
    société boulangerie pharmacie clinique lycée collège garage association crèche mutuelle krankenhaus klinikum
    kanzlei praxis apotheke sparkasse volksbank firma autohaus bäckerei verein bkk aok ikk gasthaus studio
    """
)
ORGANISATION_BEFORE = (
    " work for", " works for", " worked for", " work at", " works at", " worked at", " working at", " working for",
    " employed by", " employed at", " employer", " company", " firm", " organisation", " organization", " ceo of",
    " job at", " hired by", " founded", " joined", " employee of", " manager at", " manager of", " recorded for",
    " meet at", " president of", " director of", " company called", " versichert bei", " arbeite bei", " arbeitet bei",
    " trabajo en", " trabaja en", " travaille chez", " trabalho na", " account with", " policy with", " insured with",
)  # fmt: skip
EMPLOYER_BEFORE = (" work for", " works for", " worked for", " working for", " employed by", " employed at", " ceo of",
                   " president of", " employee of")  # fmt: skip
ORGANISATION_AFTER = words(
    "office offices website ceo headquarters branch employees orchestra stores shareholders inc llc ltd resignation"
)
# Endings of family names that English words do not share.
NAME_ENDING = re.compile(
    r".{2,}(?:sson|vich|witz|dottir|dóttir|ović|ovic|ević|evic|čić|ić|ski|ska|sky|skaya|wicz|czyk|czak|enko|chuk|shvili|dze|oğlu|oglu|"
    r"poulos|poulou|idis|akis|inen|escu|ova|ová|eva|ov|ev|yev|yeva|ová|stein|berg|mann|quist|qvist|gaard|sen|huis|"
    r"stra|veld|ström|strom|lund|yan|lepp|guchi|moto|mura|yama|kawa|shima|zaki|hashi|nishi|szky)s?$"
)
# GreenSky and PaaS are products; McCann, DeVries and van der MeulenHuis are not.
CAMEL = re.compile(r"(?!Mc|Mac|De|Di|Du|La|Le|Van|Von|Fitz|O['’])\w*[a-zß-ÿ][A-Z]|[A-Z]{2,}[a-z]")
STOPS = re.compile(r"[.!?:;\n\"“”«»>•*()\[\]|–—]|^$")
LIGHT_MARKS = frozenset(" \n\t>,:-–*_\"“'’!.")
SPACE = (" ", "\xa0", "  ")
