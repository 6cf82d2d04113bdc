"""National numbers of people: found by their form and check digits, and weak ones by the word before them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import cast

#: How far before a number the word stands that says what it is.
_NEAR = 40


@dataclass(frozen=True, slots=True)
class Scheme:
    """`module`: of python-stdnum, "" where form is all there is.

    word: has to stand before a number whose form or single check digit says too little: one in ten order
    numbers would pass.
    """

    country: str
    form: str
    module: str
    word: str = ""


SCHEMES = (
    Scheme("AT", r"\d{4} ?\d{6}", "at.vnr", r"svnr|sv-?nr|sozialversicherung|vnr"),
    Scheme("BE", r"\d\d[.]?\d\d[.]?\d\d-?\d{3}[.]?\d\d", "be.nn"),
    Scheme("BG", r"\d{10}", "bg.egn", r"egn|егн"),
    Scheme("BR", r"\d{3}\.\d{3}\.\d{3}-\d\d", "br.cpf"),
    Scheme("BR", r"\d{11}", "br.cpf", r"cpf"),
    Scheme("CA", r"\d{3}[ -]?\d{3}[ -]?\d{3}", "ca.sin", r"\bsin\b|social insurance|\bnas\b"),
    Scheme("CH", r"756[.]?\d{4}[.]?\d{4}[.]?\d\d", "ch.ssn"),
    Scheme("CN", r"\d{17}[\dXx]", "cn.ric"),
    Scheme("CZ", r"\d{6}/\d{3,4}", "cz.rc"),
    Scheme("DE", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", "de.idnr"),
    Scheme("DK", r"\d{6}-\d{4}", "dk.cpr"),
    Scheme("EE", r"[1-8]\d{10}", "ee.ik"),
    Scheme("ES", r"\d{8}-?[A-Za-z]", "es.dni"),
    Scheme("ES", r"[XYZxyz]-?\d{7}-?[A-Za-z]", "es.nie"),
    Scheme("FI", r"\d{6}[-+A]\d{3}[0-9A-Y]", "fi.hetu"),
    Scheme("FR", r"[12] ?\d\d ?\d\d ?(?:\d\d|2[AB]) ?\d{3} ?\d{3} ?\d\d", "fr.nir"),
    Scheme("GB", r"\d{3}[ -]\d{3}[ -]\d{4}|\d{10}", "gb.nhs", r"nhs"),
    Scheme("GB", r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D]", ""),
    Scheme("GR", r"\d{11}", "gr.amka", r"amka|αμκα"),
    Scheme("HR", r"\d{11}", "hr.oib", r"oib"),
    Scheme("IE", r"\d{7}[A-Wa-w][A-IWa-iw]?", "ie.pps", r"pps"),
    Scheme("IN", r"\d{4}[ -]?\d{4}[ -]?\d{4}", "in_.aadhaar", r"aadhaa?r|uid"),
    Scheme("IT", r"[A-Za-z]{6}\d\d[A-Za-z]\d\d[A-Za-z]\d{3}[A-Za-z]", "it.codicefiscale"),
    Scheme("KR", r"\d{6}-[1-8]\d{6}", "kr.rrn"),
    Scheme("LT", r"[1-6]\d{10}", "lt.asmens"),
    Scheme("MX", r"[A-Za-z]{4}\d{6}[HMhm][A-Za-z]{5}[A-Za-z\d]\d", "mx.curp"),
    Scheme("NL", r"\d{4}[.]?\d\d[.]?\d{3}|\d{9}", "nl.bsn", r"bsn|burgerservice|sofi"),
    Scheme("NO", r"\d{6} ?\d{5}", "no.fodselsnummer"),
    Scheme("PL", r"\d{11}", "pl.pesel"),
    Scheme("PT", r"\d{9}", "pt.nif", r"\bnif\b|contribuinte"),
    Scheme("RO", r"[1-9]\d{12}", "ro.cnp"),
    Scheme("SE", r"(?:\d\d)?\d{6}[-+]\d{4}", "se.personnummer"),
    Scheme("SI", r"\d{13}", "si.emso"),
    Scheme("TR", r"[1-9]\d{10}", "tr.tckimlik", r"kimlik|tckn"),
    Scheme("US", r"\d{3}-\d\d-\d{4}", "us.ssn"),
    Scheme("ZA", r"\d{13}", "za.idnr"),
)
_FORMS = [
    (
        scheme,
        re.compile(rf"(?<![\w.+-])(?:{scheme.form})(?![\w]|[.-]\d)"),
        re.compile(scheme.word, re.IGNORECASE),
    )
    for scheme in SCHEMES
]
_ANY_DIGITS = re.compile(r"\d{2}")


def ids(text: str) -> Iterator[tuple[int, int]]:
    if _ANY_DIGITS.search(text) is None:
        return
    for scheme, form, word in _FORMS:
        if scheme.word and word.search(text) is None:
            continue
        for found in form.finditer(text):
            near = text[max(0, found.start() - _NEAR) : found.start()]
            if (not scheme.word or word.search(near)) and _is_valid(scheme)(found[0]):
                yield found.span()


def _is_valid(scheme: Scheme) -> Callable[[str], bool]:
    if not scheme.module:
        return bool
    return cast("Callable[[str], bool]", import_module(f"stdnum.{scheme.module}").is_valid)
