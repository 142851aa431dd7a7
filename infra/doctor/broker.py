"""The broker: does it answer, are its topics as they should be, who may write what."""

from collections.abc import Sequence
from typing import Final

from infra import topics as plan
from infra.doctor.finding import Finding, failed, named, ok, unknown, warning
from infra.doctor.places import Places
from runtime.admin import Acl, Admin, KafkaAway, NoAdminApi
from schemas import topics

_SECONDS: Final = 10.0
_DANGEROUS: Final = ("retention.ms", "min.insync.replicas", "cleanup.policy", "replication")
"""What loses records, or keeps them longer than the law allows; the rest is a warning."""


def examine(places: Places) -> list[Finding]:
    if not places.kafka:
        return []
    embedded = any(role.embedded_kafka for role in places.roles.values())
    try:
        admin = Admin(places.kafka, seconds=_SECONDS)
    except NoAdminApi:
        return [_embedded(embedded or not places.roles)]
    except KafkaAway as error:
        return [_away(str(error))]
    found = [ok("kafka", "brokers", f"{admin.brokers} broker trả lời", f"{admin.brokers} brokers answer")]
    if embedded:
        found.append(
            warning(
                "kafka",
                "embedded_kafka",
                "thiết lập nói Kafka nhúng, nhưng đây là broker thật",
                "the settings say embedded Kafka, this is a real broker",
                "bỏ `embedded_kafka: true`: nó giới hạn cỡ và nhịp gửi",
                "drop `embedded_kafka: true`: it limits size and pace",
            )
        )
    try:
        found += drift(plan.drift(plan.wanted(admin.brokers), admin.topics(topics.SETTINGS)), admin.brokers)
        found.append(access(admin.acls()))
    except KafkaAway as error:
        found.append(_away(str(error)))
    return found


def _embedded(said: bool) -> Finding:
    if said:
        return unknown(
            "kafka",
            "topics",
            "Kafka nhúng: chủ đề, thời hạn và quyền không hỏi được",
            "embedded Kafka: topics, retention and rights cannot be asked for",
        )
    return failed(
        "kafka",
        "embedded_kafka",
        "broker là Kafka nhúng, thiết lập không nói vậy: nó sẽ quên bản ghi",
        "the broker is the embedded one and the settings do not say so: it will forget records",
        "trỏ `kafka` tới broker thật, hoặc đặt `embedded_kafka: true` để thử",
        "point `kafka` at a real broker, or set `embedded_kafka: true` for a trial",
    )


def _away(said: str) -> Finding:
    return failed(
        "kafka",
        "brokers",
        f"Kafka không trả lời: {said}",
        f"Kafka does not answer: {said}",
        "kiểm tra địa chỉ `kafka`, tường lửa, và broker có chạy không (make stack-status)",
        "check the address `kafka`, the firewall, and whether the broker runs (make stack-status)",
    )


def drift(found: Sequence[plan.Drift], brokers: int) -> list[Finding]:
    """Every way in which the topics are not as they should be; with one broker nothing has a replica, which is told."""
    gone = [one.topic for one in found if one.setting == "topic"]
    said = [_missing(gone)] if gone else []
    said += [_differs(one) for one in found if one.setting != "topic"]
    good = ok("topics", "all", f"{len(topics.TOPICS)} chủ đề đúng", f"all {len(topics.TOPICS)} topics are right")
    said = said or [good]
    if brokers < plan.MOST_REPLICAS:
        said.append(
            warning(
                "topics",
                "replication",
                f"{brokers} broker: mất đĩa là mất bản ghi chưa vào kho",
                f"{brokers} broker: the loss of a disk loses records that are not stored yet",
                "chạy ba broker trong vận hành thật",
                "run three brokers in production",
            )
        )
    return said


def _missing(names: list[str]) -> Finding:
    create = "livingdata topics create"
    return failed(
        "topics", "missing", f"thiếu chủ đề: {named(names)}", f"topics are missing: {named(names)}", create, create
    )


def _differs(one: plan.Drift) -> Finding:
    text = f"{one.setting}: {one.wanted} → {one.found}"
    level = failed if one.setting in _DANGEROUS else warning
    change = (
        f"kafka-configs.sh --alter --entity-type topics --entity-name {one.topic} "
        f"--add-config {one.setting}={one.wanted}"
    )
    mends = {
        "partitions": (
            "thêm phân vùng (kafka-topics.sh --alter); không giảm được",
            "add partitions; none can be removed",
        ),
        "replication": (
            "gán lại bản sao (kafka-reassign-partitions.sh)",
            "give it replicas: kafka-reassign-partitions.sh",
        ),
    }.get(one.setting, (change, change))
    return level("topics", one.topic, f"cần → thấy: {text}", f"wanted → found: {text}", *mends)


def access(acls: list[Acl] | None) -> Finding:
    """Only workers may write `accepted.*`: what the sink stores, nobody checks again."""
    if acls is None:
        return warning(
            "acl",
            "accepted.*",
            "broker không kiểm quyền: ai tới được đều ghi được accepted.*",
            "the broker checks no rights: whoever reaches it can write accepted.*",
            "bật authorizer và chỉ cho worker ghi accepted.*",
            "set an authorizer and let workers alone write accepted.*",
        )
    writers = sorted({acl.principal for acl in acls if acl.allows_writing(topics.ACCEPTED_TOPICS)})
    if "User:*" in writers:
        return failed(
            "acl",
            "accepted.*",
            "mọi người dùng đều ghi được accepted.*",
            "every user may write accepted.*",
            "chỉ cho worker ghi accepted.*",
            "let workers alone write accepted.*",
        )
    return ok(
        "acl",
        "accepted.*",
        f"ghi được: {named(writers) or 'chỉ quản trị'}",
        f"writers: {named(writers) or 'superusers'}",
    )
