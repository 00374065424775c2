"""Words for the two sides of a conversation, in several languages: of headers, roles and names."""

from finetune.data.document import words

AGENT_WORDS = words(
    """
    agent agents support staff assistant advisor adviser employee operator bot outgoing outbound sent team
    representative rep helpdesk desk service company us we out reply answer response admin moderator consultant
    technician clerk officer mitarbeiter mitarbeiterin berater beraterin agente soporte asesor conseiller conseillère
    medewerker operatore atendente handläggare ausgehend saliente sortant
    """
)
CUSTOMER_WORDS = words(
    """
    customer client user requester visitor patient member contact incoming inbound received consumer caller guest
    tenant student buyer applicant citizen subscriber enduser policyholder reporter in question human
    kunde kundin cliente usuario klant bezoeker utilisateur visiteur mieter patientin eingehend entrante entrant
    """
)
