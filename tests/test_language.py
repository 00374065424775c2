"""Which language a message is written in."""

import pytest

from finetune.language import detect

SAID = {
    "en": ["ok", "Billing", "we're a dental practice in Ohio", "no, the EU, not the US", "300", "skip", "", "e-mails"],
    "es": ["hola", "somos una clínica dental en Madrid", "no sé", "¿Dónde estamos?"],
    "fr": ["merci", "oui bien sûr", "nous sommes une banque", "les clients demandent leur solde"],
    "de": ["nein danke", "ich weiß nicht", "wir sind eine Bank", "Patienten fragen nach der Rechnung"],
    "pt": ["não sei", "somos um banco", "os pacientes perguntam sobre a fatura"],
    "it": ["siamo una banca", "non lo so", "i clienti chiedono la fattura"],
    "nl": ["wij zijn een bank", "ik weet het niet", "bedankt"],
    "pl": ["jesteśmy bankiem", "nie wiem", "dziękuję"],
    "tr": ["biz bir bankayız", "bilmiyorum"],
    "vi": ["chúng tôi là ngân hàng", "tôi không biết"],
    "zh": ["你好", "我们是一家银行"],
    "ja": ["やあ", "私たちは銀行です"],
    "ko": ["우리는 은행입니다"],
    "ar": ["نحن بنك"],
    "ru": ["мы банк", "не знаю"],
    "uk": ["ми банк", "не знаю, дякую"],
    "hi": ["हम एक बैंक हैं"],
}


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in SAID.items() for text in texts])
def test_a_few_words_tell_the_language(code: str, text: str) -> None:
    assert detect(text) == code
