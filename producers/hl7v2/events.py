"""Which messages are taken, and what they become: MSH-9 code and trigger event -> route.

A known message that tells of no document here is taken and acknowledged, without a document; what HL7 does not know
(`ADT^A99`, `ZZZ^Z01`) is refused. Source: HL7 tables 0003 and 0076 of v2.1 to v2.9.
"""

import re
from collections.abc import Iterator
from typing import Final, Literal

Route = Literal["visit", "planned", "person", "merge", "results", "appointment", "referral", "silent"]
"""`visit` folds into an encounter, `planned` too, but gives none until the patient comes; `person` corrects the visits
known of a patient; `merge` joins two patient numbers, or parts them; `results` gives an observation per order; `appointment` and
`referral` fold into theirs; `silent` yields no document."""

OPENING: Final = frozenset(("A01", "A04"))
"""After these the state of a visit is whole: nothing was said before."""

_ROUTED: Final[dict[Route, str]] = {
    "visit": "ADT A01-A04 A06-A08 A11-A13 A23",
    "planned": "ADT A05 A38",
    "person": "ADT A28 A31",
    "merge": "ADT A18 A24 A30 A34 A36 A37 A39 A40 A46 A47",
    "results": "ORU R01 R30-R32; OUL R21-R24",
    "appointment": "SIU S12-S24 S26",
    "referral": "REF I12-I14",
}

_KNOWN: Final = """
ACK A01-A62 B01-B08 C01-C12 I01-I22 M01-M19 N02 O01-O59 P01-P12 PC1-PC9 Q01-Q34 R01-R41 S01-S37 T01-T12 U01-U14 V01-V04;
ADR A19; ADT A01-A62; BAR P01 P02 P05 P06 P10 P12; BPS O29; BRP O30; BRT O32; BTS O31; CCF I22; CCI I22; CCM I21;
CCQ I19; CCR I16-I18; CCU I20; CQU I19; CRM C01-C08; CSU C09-C12; DBC O41; DBU O42; DEL O46; DEO O45; DER O44; DFT P03
P11; DOC T12; DPR O48; DRC O47; DRG O43; DSR Q01 Q03 P04 R03; EAC U07; EAN U09; EAR U08; EDR R07; EHC E01 E02 E04 E10
E12 E13 E15 E20 E21 E24 E30 E31; EQQ Q04; ERP R09; ESR U02; ESU U01; INR U06 U14; INU U05; LSR U13; LSU U12 U13; MCF
Q02; MDM T01-T11; MFD M01-M03; MFK M01-M19; MFN M01-M19; MFQ M01-M06; MFR M01-M07; NMD N02; NMQ N01; NMR N01; OMB O27;
OMD O03; OMG O19; OMI O23; OML O21 O33 O35 O39 O59; OMN O07; OMP O09; OMQ O57; OMS O05; OPL O37; OPR O38; OPU R25; ORA
R33 R41; ORB O28; ORD O04; ORF R02 R04; ORG O20; ORI O24; ORL O22 O34 O36 O40-O44 O53-O56; ORM O01; ORN O08; ORP O10;
ORR O02; ORS O06; ORU R01 R03 R30-R32 R40 R42 R43 W01; ORX O58; OSM R26; OSQ Q06; OSR Q06; OSU O51 O52; OUL
R21-R24; PEX P07 P08; PGL PC6-PC8; PIN I07; PMU B01-B08; PPG PCG-PCJ; PPP PCB-PCD; PPR PC1-PC3; PPT PCL; PPV PCA; PRR
PC5; PTR PCF; QBP; QCK Q02; QCN J01; QRF W02; QRY; QSB Q16; QSX J02; QVR Q17; RAR RAR; RAS O17 O01; RCI I05; RCL I06;
RDE O11 O25 O49 O01; RDO O01; RDR RDR; RDS O13 O01; RDY; REF I12-I15; RER RER; RGR RGR; RGV O15 O01; ROR ROR; RPA
I08-I11; RPI I01 I04; RPL I02; RPR I03; RQA I08-I11; RQC I05 I06; RQI I01-I03; RQP I04; RQQ Q09; RRA O18 O02; RRD O14
O02; RRE O12 O26 O50 O02; RRG O16 O02; RRI I12-I15; RRO O02; RSP; RTB; SCN S37; SDN S36; SDR S31; SIU S12-S24 S26 S27;
SLN S34 S35; SLR S28 S29; SLS S29; SMD S32; SPQ Q08; SQM S25; SQR S25; SRM S01-S11; SRR S01-S11; SSR U04; SSU U03; STC
S33; STI S30; SUR P09; TBR R08; TCR U11; TCU U10 U11; UDM Q05; VQQ Q07; VXQ V01; VXR V03; VXU V04; VXX V02
"""
"""`;` between codes. A code without triggers is of queries and their answers, whose triggers sites define."""

_SPAN: Final = re.compile(r"([A-Z]+)([0-9]{1,2}|[A-Z])-[A-Z]+([0-9]{1,2}|[A-Z])")


def _triggers(words: list[str]) -> Iterator[str]:
    for word in words:
        span = _SPAN.fullmatch(word)
        if span is None:
            yield word
        elif span[2].isdecimal():
            yield from (f"{span[1]}{n:0{len(span[2])}d}" for n in range(int(span[2]), int(span[3]) + 1))
        else:
            prefix, first = word[:2], word[2]
            yield from (f"{prefix}{chr(n)}" for n in range(ord(first), ord(word[-1]) + 1))


def _table(text: str) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for entry in text.replace("\n", " ").split(";"):
        code, *words = entry.split()
        found[code] = frozenset(_triggers(words))
    return found


_ALL: Final = _table(_KNOWN)
_ROUTES: Final[dict[tuple[str, str], Route]] = {
    (code, trigger): route_
    for route_, text in _ROUTED.items()
    for code, triggers in _table(text).items()
    for trigger in triggers
}
DEFAULT_TRIGGERS: Final = {"ORU": "R01", "ORM": "O01", "ACK": "A01", "DFT": "P03", "VXU": "V04", "ORR": "O02"}
"""Of codes that had one event when MSH-9 had no second component (v2.1, v2.2)."""


def route(code: str, trigger: str) -> Route | None:
    """None where the message is not of HL7."""
    found = _ROUTES.get((code, trigger))
    if found is not None:
        return found
    triggers = _ALL.get(code)
    if triggers is None:
        return None
    return "silent" if trigger in triggers or not triggers else None
