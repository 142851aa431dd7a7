"""The receipt of a file: what became of each message, in both languages, and how to mend it."""

from producers.adapter import Receipt, Refusal
from producers.receipt import render
from schemas.reasons import REASONS


def test_each_message_is_told_in_its_place() -> None:
    text = render(
        [
            Receipt(7, documents=("encounter", "prescription")),
            Receipt(8, (Refusal("charset", "MSH-18", "byte 7 is not ASCII"),), ("encounter",)),
            Receipt(9, silence="no_event"),
            Receipt(7, documents=("encounter",), retransmission=True),
        ]
    )
    assert (
        text
        == """\
4 thông điệp: 3 đã nhận, 1 có lỗi
4 messages: 3 accepted, 1 with faults

[1] ĐÃ NHẬN / ACCEPTED, số / number 7
    tài liệu / documents: encounter, prescription

[2] CÓ LỖI / FAULTY, số / number 8
    tài liệu / documents: encounter
    charset MSH-18
      Sai bảng mã ký tự. Gửi bằng UTF-8 và khai MSH-18 = UNICODE UTF-8.
      The bytes are not of the declared character set. Send UTF-8 and declare MSH-18 = UNICODE UTF-8.
      (byte 7 is not ASCII)

[3] ĐÃ NHẬN / ACCEPTED, số / number 9
    không sinh tài liệu / no document: no_event

[4] ĐÃ NHẬN / ACCEPTED, số / number 7, gửi lại / sent again
    tài liệu / documents: encounter
"""
    )


def test_a_file_says_what_it_holds() -> None:
    assert ["1 hồ sơ: 1 đã nhận, 0 có lỗi", "1 dossiers: 1 accepted, 0 with faults"] == render(
        [Receipt(1)], ("hồ sơ", "dossiers")
    ).splitlines()[:2]
    assert "0 messages: 0 accepted" in render([])


def test_every_reason_can_be_told() -> None:
    for reason in REASONS.values():
        text = render([Receipt(1, (Refusal(reason.id),))])
        assert f"    {reason.id}\n      {reason.vi}. {reason.mend_vi}.\n      {reason.en}. {reason.mend_en}.\n" in text


def test_an_original_is_not_told() -> None:
    assert "CANARY" not in render([Receipt(1, (Refusal("charset", original=b"CANARY"),))])
