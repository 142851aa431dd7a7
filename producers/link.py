"""From a link between two patients to its record for `identity.links`: pseudonyms only, so nothing is to be sealed. Pure."""

from producers.adapter import Feed, Link
from producers.event import Keys, Number, Record, version
from runtime import pseudonyms
from schemas import codec, registry, topics

KIND = "link"
"""What the ledger and receipts call a part that is a link."""


def compose_link(link: Link, number: Number, feed: Feed, keys: Keys, *, captured_at: int) -> Record:
    """Keyed by the patient, so that what is said of one keeps its order. The version is the source's time, else that of
    capture; the highest holds."""
    patient, into = (
        pseudonyms.pseudonym(keys.pseudonym, "patient", feed.facility, text)
        for text in (link.patient_number, link.into_number)
    )
    schema_id, made = registry.latest(topics.LINKS)
    datum = made.encode(
        {
            "patient_key": patient,
            "action": link.action,
            "into_key": into,
            "facility": feed.facility,
            "version": version(link, captured_at, number.sequence, 0)[0],
            "rule": link.rule,
            "linked_at": captured_at,
            "adapter_id": number.adapter_id,
            "incarnation": number.incarnation,
            "sequence": number.sequence,
            "part": number.part,
            "parts": number.parts,
        }
    )
    return Record(topics.LINKS, patient.encode(), codec.frame(schema_id, datum))
