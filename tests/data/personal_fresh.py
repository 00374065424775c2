# ruff: noqa: E501 (a case reads best on one line)
"""150 sentences of clinics, banks, law offices, insurers and support desks with their personal data marked.

Written in our own words before the recognisers had read them, when they found 92 % at a precision of 93 %; what they
missed was mended then, so later figures flatter. All persons and numbers are invented
or the published examples of their kind. `{kind:words}` marks a span; a line without marks holds none. An address is
marked as one span down to its country. What is no person's (helplines, law, products) is not marked.
"""

import re

MARK = re.compile(r"\{([a-z ]+):([^{}]+)\}")


def parse(marked: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The sentence without its marks, and (start, end, kind) of each."""
    text, spans, position = "", [], 0
    for match in MARK.finditer(marked):
        text += marked[position : match.start()]
        spans.append((len(text), len(text) + len(match[2]), match[1]))
        text += match[2]
        position = match.end()
    return text + marked[position:], spans


SENTENCES: tuple[str, ...] = (
    # clinics and hospitals
    "Pt {name:Beatriz Oyelaran}, {age:47} y/o, MRN {record number:7710432}, seen today for follow-up of hypertension.",
    "{title:Mrs.} {name:Halvorsen} called about her lab results; please ring her back on {phone:(612) 555-0187} before noon.",
    "Spoke with {name:Dmitri} this morning, he says the swelling in his left knee is much better.",
    "Referral letter for {name:Ngozi Adeyemi} (DOB {date of birth:14/02/1979}) to the cardiology outpatient clinic.",
    "The patient, {name:Luis Ferreira}, was admitted on {date:3 March 2024} with chest pain and discharged two days later.",
    "My NHS number is {health number:943 476 5919} and I need to change my GP.",
    "Hello, this is {name:Fatima Zahra Benali}, I would like to move my appointment from {date:Tuesday} to {date:Friday}.",
    "Next of kin: {name:Roger Whitcombe}, {phone:07700 900461}.",
    "Seen by {title:Dr.} {name:Annika Lindqvist}; wound clean and dry, sutures out in ten days.",
    "I'm {name:Priya} and my daughter {name:Meera} is allergic to penicillin.",
    "Please fax the discharge summary to {title:Dr} {name:O'Rourke} at {phone:+353 1 496 0123}.",
    "Patient is a {age:62}-year-old man from {place:Ghana} who has lived in {place:Leeds} since {date:1998}.",
    "Medicare ID {health number:1EG4-TE5-MK73}, no secondary insurance on file.",
    "{name:Tobias} hasn't taken his metformin since the weekend, could you call his mother?",
    "Vaccination record for {name:Chloé Dubois}, born {date of birth:12 June 2016}, lives at {address:8 rue des Lilas, 69003 Lyon}.",
    "Lab called: potassium 5.9 for {name:Kowalczyk}, room 12, please repeat.",
    "The boy's father, {name:Hamid Rezaei}, signed the consent form.",
    "Can I pick up the prescription for my husband {name:Graham Tully}? His birthday is {date of birth:1951-11-30}.",
    "Patient portal login for {email:l.santangelo@postbox.example} was reset at {date:9:40 am}.",
    "Sono {name:Giulia Moretti}, codice fiscale {identity number:RSSMRA85T10A562S}, vorrei una copia del referto.",
    # banks and credit unions
    "My card {card number:4539 1488 0343 6467} was declined twice at the supermarket.",
    "Please send the refund to {bank account:DE89 3704 0044 0532 0130 00}, account holder {name:Jürgen Brandl}.",
    "Hi, {name:Marcus} here. I still can't see the wire of $2,300 in my checking account.",
    "Member {name:Shanice Boateng} (member number {record number:00418827}) asks to raise the limit on her Visa.",
    "I lost my wallet in {place:Barcelona} and need you to block {card number:5555 5555 5555 4444} right now!",
    "Her social is {social security number:219-09-9999}, she says she gave it to the branch already.",
    "The loan {record number:LN-2023-004518} was approved for {name:Patrick Mbeki} and {name:Nomsa Mbeki}.",
    "My IBAN is {bank account:NL91ABNA0417164300} and my BSN is {identity number:111222333}.",
    "{name:Oksana} transferred 400 euros to {name:Piotr} by mistake and wants it back.",
    "Sort code {bank account:40-47-84}, account {record number:70872490}, in the name of {name:Eleanor Prentice}.",
    "Could you update my address to {address:4417 Sycamore Hollow Dr, Apt 12, Tulsa, OK 74105}?",
    "I moved last month. New address: {address:Lindenallee 14, 50968 Köln}.",
    "Customer complained that our agent called him {name:Raj} instead of {title:Mr.} {name:Rajagopalan}.",
    "The cheque was made payable to {name:Siobhan Gallagher}.",
    "Amex {card number:378282246310005} exp 09/27, cvv {password:4821} - please remove it from my profile",
    "User {email:hk_watanabe88@mail.example} logged in from {ip address:203.0.113.77} at {date:02:14}.",
    "pls change my phone to {phone:0171 2345678}, the old one is gone",
    "My online banking password was {password:Sunflower!72} and now it does not work.",
    "We spoke to {title:Ms.} {name:Castellanos} at the {place:Tucson} branch last week.",
    "{name:Ingrid Bergström}'s mortgage was refinanced in {date:2021}.",
    "Quiero cambiar mi dirección a {address:Calle de Alcalá 112, 3º B, 28009 Madrid}. Mi DNI es {identity number:12345678Z}.",
    "Mein Name ist {name:Katharina Vogt}, meine Kundennummer lautet {record number:88120394}.",
    "The joint account of {name:Ahmed} and {name:Layla Haddad} is overdrawn by £312.",
    "SIN {identity number:130 692 544}, please use it for the T4 slip only.",
    "hi my name is {name:tamika rowe} and i want to close my account",
    # law offices
    "Our client, {name:Wendell Achterberg}, denies every allegation in the complaint.",
    "Deposition of {name:Maria Elena Quintero} is set for {date:July 18, 2023} at {date:10:30}.",
    "Matter number {record number:2022-CV-10443}: opposing counsel {name:Theodore Lisk} asked for an extension.",
    "The tenant, {title:Mr} {name:Farrukh Aliyev}, has not paid rent for {address:Flat 3, 19 Corporation Street, Leicester LE1 3QB}.",
    "Witness {name:Jolanta Nowicka} saw the van stop at the corner before the collision.",
    "Please draft a will for {name:Harold and} his wife.".replace("{name:Harold and}", "{name:Harold} and"),
    "Power of attorney granted by {name:Yusuf Demir} to his sister {name:Elif Demir} in {place:Ankara}.",
    "Sincerely,\n{name:Constance Abernathy}\n{title:Senior paralegal}\n{organisation:Abernathy & Voss LLP}",
    "The decedent resided at {address:2209 Old Mill Road, Lancaster, PA 17601} until her death.",
    "Her lawyer is {name:Kwame Asante}, reachable at {email:kasante@asantelaw.example}.",
    "On {date:9 October 2020} {name:Mrs} Okonjo signed the lease.".replace(
        "{name:Mrs} Okonjo", "{title:Mrs} {name:Okonjo}"
    ),
    "Passport number {record number:533401288}, issued to {name:Zsófia Szabó}, {nationality:Hungarian}.",
    "{name:Bernadette} and her brother {name:Colm} inherited the house in equal shares.",
    "My ex-husband {name:Trevor} will not let me see the children.",
    "Defendant {name:Latoya Simmons}, age {age:29}, appeared by video from {place:Baton Rouge}.",
    # insurers
    "Claim {record number:CLM-99120-33} was filed by {name:Vikram Chaudhary} after the hailstorm.",
    "Policyholder: {name:Gudrun Hoffmeister}\nPolicy no. {record number:HV-2210-88417}\nPhone: {phone:+49 221 5550142}",
    "The insured vehicle (VIN {record number:1HGCM82633A004352}) belongs to {name:Desmond Clarke}.",
    "My wife {name:Soledad} was in the car with me when it happened.",
    "We need a copy of {title:Mrs} {name:Van der Linden}'s driving licence, number {record number:MORGA657054SM9IJ}.",
    "Adjuster {name:Kenji Morita} inspected the roof at {address:77 Harbour View Terrace, Wellington 6011} on {date:Monday}.",
    "Beneficiary: {name:Rosalind Achebe}, date of birth {date of birth:07/22/1990}, SSN {social security number:301-44-0921}.",
    "Please pay the garage, {organisation:Pellegrini Motors}, directly; {name:Enzo} will send the invoice.",
    "My name is {name:Aisling Ní Bhriain} and my travel policy {record number:TRV 5518204} ran out while I was in {place:Portugal}.",
    "{name:Jean-Baptiste Lemaire}, né le {date of birth:4 mai 1968}, numéro de sécurité sociale {social security number:2 55 08 14 168 025 38}.",
    "I had an accident near {place:Gdańsk}; the other driver was {name:Marek Zieliński}, plate {record number:GD 4471K}.",
    "Her employer, {organisation:Brightwater Logistics Ltd}, cancelled the group cover in {date:May 2022}.",
    "TFN {identity number:123 456 782} supplied by {name:Bronwyn Tjapaltjarri} for the income protection claim.",
    "He turned {age:66} last month and asks when his premium goes up.",
    "The house at {address:Via Garibaldi 27, 10122 Torino} was flooded; contact {name:Paolo} on {phone:+39 011 555 0199}.",
    # support desks and shops
    "Hi {name:Nadia},\n\nThanks for reaching out. Your parcel left our warehouse this morning.\n\nBest,\n{name:Curtis}",
    "Order {record number:114-8837261} never arrived at {address:1860 W Fullerton Ave, Chicago, IL 60614}.",
    "my email is {email:grannysmith.1944@inbox.example} not the one you have",
    "The headset was delivered to my neighbour {name:Beatrix} at number 14 by mistake.",
    "Please ship the replacement to:\n{name:Olumide Fashola}\n{address:23 Admiralty Way\nLekki Phase 1\nLagos 105102}",
    "You can reach me on WhatsApp: {phone:+234 803 555 0173}.",
    "api_key = {key:sk-live-9fK2mQ8xT4vB7nZ1cR6yW3hL} stopped working after the update",
    "Our server log shows GET /login from {ip address:2001:db8:85a3::8a2e:370:7334}.",
    "Agent: May I have your full name? Customer: {name:Hyun-woo Park}",
    "Agent: And the postcode? Customer: {address:SW1A 2AA}",
    "I bought it as a gift for {name:Abuela Carmen}, can she return it in {place:Guadalajara}?".replace(
        "{name:Abuela Carmen}", "Abuela {name:Carmen}"
    ),
    "Kind regards\n{name:Mireille Fontaine}\n{title:Office manager}\n{phone:+32 2 555 01 88}",
    "What's your name? {name:Thandiwe}",
    "The technician, {name:Sven}, was very polite but left the router unplugged.",
    "{name:Luca} said the app crashes whenever he opens the camera.",
    "Please add {name:Philippa Wainwright} ({email:pip@wainwright.example}) to our team plan.",
    "My token is {key:ghp_16C7e42F292c6912E7710c838347Ae178B4a} and the job fails with 403.",
    "I am {name:Gabriel}, the new admin at {organisation:Northfield Dental Group}.",
    "Call me on my cell {phone:415.555.0132} or at work {phone:415-555-0199 ext. 204}.",
    "Bonjour, je m'appelle {name:Thérèse Nguyen} et mon colis n'est pas arrivé au {address:15 avenue Victor Hugo, 75116 Paris}.",
    "I've been waiting since {date:11/08/2023} and nobody at the {place:Duluth} store answers.",
    "Hola, soy {name:Ximena Arriaga}; mi teléfono es {phone:+52 55 5555 0143} y vivo en {place:Puebla}.",
    # staff and chat
    "{name:Aoife} can cover the late shift, {name:Declan} cannot.",
    "From: {name:Henrietta Blom} <{email:h.blom@kontor.example}>\nTo: {name:Rasmus Dahl} <{email:r.dahl@kontor.example}>\nSubject: payroll",
    "Ask {name:Yolanda} in payroll, she knows about the garnishment.",
    "Emergency contact for {name:Emeka Obi} is his mother, {phone:+44 7700 900118}.",
    "I share a flat with {name:Hope} in {place:Cork}.",
    "My manager {name:Grant Okafor} approved the leave from {date:1 August} to {date:14 August}.",
    "Employee {record number:E-20417}, {name:Sakura Ishikawa}, reported the incident at {date:4:15 pm}.",
    "{name:Will} and {name:Faith Adeyemi} are getting married in {date:June}.",
    "Aadhaar {identity number:2341 2341 2346} verified for {name:Lakshmi Narayanan}.",
    "PESEL {identity number:44051401359}, {name:Stanisław Wrona}, {place:Kraków}",
    "CPF {identity number:529.982.247-25} em nome de {name:João Pedro Cavalcanti}.",
    "Personnummer {identity number:811228-9874} hör till {name:Maja Sandström}.",
    "Steuer-ID {identity number:86095742719} von Frau {name:Özlem Kaya}.".replace("Frau", "{title:Frau}"),
    "National insurance number {identity number:AB 12 34 56 C}, {name:Gareth Pugh}.",
    "Website of the complainant: {web address:https://ravenswood-pottery.example/contact}",
    "{name:RUTH ABELARD} HAS NOT SIGNED PAGE 3.",
    "she works for {organisation:Halcyon Freight} in {place:Rotterdam} and commutes from {place:Delft}",
    "As a {nationality:Nepalese} citizen, does {name:Sunita} need a visa for the training in {place:Oslo}?",
    "Meeting notes: {name:J. P. Marchetti} to follow up with {name:Adaeze} by {date:Thursday}.",
    "My mum, {age:81}, fell in the kitchen and can't reach the phone.",
    "The cheque book should go to {name:Odalys Peralta}, {address:98 Kestrel Crescent, Halifax, NS B3M 1P4}.",
    "{name:Anselm} missed two payments, {organisation:Tidewater Credit Union} has written to him twice.",
    "Passcode is {password:70ff-19ab}; tell nobody but {name:Rosamund}.",
    # nothing personal: policies, answers, law, products
    "Refunds are paid within ten business days of the return reaching our warehouse.",
    "Under Regulation E the bank must finish its investigation within 45 days.",
    "Premiums may rise once a year; we tell you at least 30 days before.",
    "Take one 500 mg tablet twice a day with food, and never more than four in 24 hours.",
    "Section 12 of the Consumer Credit Act sets out when a lender must offer a payment plan.",
    "Chapter 7 is a liquidation; Chapter 13 is a plan of three to five years.",
    "The Patient Protection and Affordable Care Act bars lifetime limits on essential benefits.",
    "Press and hold the Power button, then choose Restart from the menu.",
    "Dear Customer, Thank you for your patience while we look into this.",
    "Alzheimer disease and Parkinson disease are both more common with age.",
    "Call our free helpline on 0800 123 4567 or write to the complaints team.",
    "Members may withdraw up to $1,000 a day at any cash machine of the network.",
    "A Roth IRA is funded with income that has been taxed already.",
    "In Smith v. Jones the court held that notice by post was enough.",
    "Please Read The Terms And Conditions Before Signing Up.",
    "Our Premium Plan includes Priority Support and Advanced Analytics.",
    "Is my deductible per person or per family?",
    "The Johnson & Johnson vaccine needs one dose.",
    "Article 17 gives people the right to have their data erased.",
    "An annual percentage rate of 19.99 % applies after the introductory period.",
    "Hurricane damage is covered only with the Windstorm Endorsement.",
    "You can pay with Visa, Mastercard, PayPal or Apple Pay.",
    "Store insulin in the fridge between 2 and 8 degrees.",
    "Will I be charged if I cancel during the trial?",
    "May we share this with your doctor?",
    "The statute of limitations is six years for written contracts.",
    "Wells Fargo and Chase both charge for wire transfers.",
    "Use Form 1040, line 12, to report the amount.",
    "Version 4.2.1 fixes the crash on startup.",
    "Our office hours are the same all week, holidays excepted.",
)
