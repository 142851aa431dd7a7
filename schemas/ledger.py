"""The records that account for the others: rejections, outcomes, heartbeats, and late identity links."""

from typing import Final

from schemas.fields import Field

_NUMBER: Final = (
    Field("adapter_id", "code", "Mã bộ kết nối", "Adapter", optional=False),
    Field("incarnation", "code", "Đời của hộp gửi", "Life of the outbox", optional=False),
)

REJECTED: Final[tuple[Field, ...]] = (
    *_NUMBER,
    Field("sequence", "long", "Số thứ tự", "Number of the message", optional=False),
    Field("part", "int", "Phần", "Part", optional=False),
    Field("parts", "int", "Số phần", "Parts", optional=False),
    Field("facility", "code", "Mã cơ sở", "Facility", optional=False),
    Field("kind", "code", "Loại tài liệu nếu biết", "Kind, where known"),
    Field("document_id", "string", "Mã tài liệu nếu biết", "Document, where known"),
    Field("source_system", "code", "Hệ thống nguồn", "Source system", optional=False),
    Field("source_format", "code", "Định dạng nguồn", "Dialect", optional=False),
    Field("source_message_id", "string", "Mã thông điệp nguồn (đã băm)", "Hashed source message id"),
    Field("stage", "code", "Nơi từ chối: adapter, worker, sink", "Where it was rejected", optional=False),
    Field("reason", "code", "Lý do (bảng lý do)", "Reason, of the table of reasons", optional=False),
    Field("rules", "strings", "Các quy tắc không đạt", "Rules that failed"),
    Field("place", "string", "Vị trí lỗi", "Place of the fault", optional=False),
    Field("detail", "string", "Chi tiết, không chứa dữ liệu", "Detail, never a value", optional=False),
    Field("captured_at", "millis", "Thời điểm nhận", "When it was taken", optional=False),
    Field("rejected_at", "millis", "Thời điểm từ chối", "When it was rejected", optional=False),
    Field("topic", "code", "Chủ đề Kafka nguồn", "Kafka topic it was read from"),
    Field("source_partition", "int", "Phân vùng nguồn", "Partition it was read from"),
    Field("source_offset", "long", "Vị trí nguồn", "Offset it was read from"),
    Field("original_size", "long", "Cỡ bản gốc (byte)", "Size of the original in bytes", optional=False),
    Field("original_hash", "string", "Dấu bản gốc (HMAC)", "HMAC of the original", optional=False),
    Field("original_place", "string", "Nơi giữ bản gốc lớn", "Where a large original is kept"),
    Field("original", "bytes", "Bản gốc đã niêm phong", "The original, sealed"),
    Field("replay_of", "string", "Phát lại của số nào", "Number that this one was to mend"),
    Field("replay_count", "int", "Lần phát lại", "Times replayed"),
)

OUTCOMES: Final[tuple[Field, ...]] = (
    Field("worker", "code", "Tiến trình xử lý", "Worker", optional=False),
    Field("topic", "code", "Chủ đề", "Topic", optional=False),
    Field("source_partition", "int", "Phân vùng", "Partition", optional=False),
    Field("first_offset", "long", "Vị trí đầu", "First offset", optional=False),
    Field("last_offset", "long", "Vị trí cuối", "Last offset", optional=False),
    Field("processed_at", "millis", "Thời điểm", "When", optional=False),
    Field(
        "feeds",
        "record",
        "Các nguồn trong lô",
        "Feeds of the chunk",
        lines=(*_NUMBER, Field("facility", "code", "Mã cơ sở", "Facility", optional=False)),
    ),
    Field(
        "numbers",
        "record",
        "Từng phần và kết quả",
        "Each part and its outcome",
        lines=(
            Field("feed", "int", "Chỉ số trong feeds (từ 0)", "Index into feeds, from 0", optional=False),
            Field("sequence", "long", "Số thứ tự", "Number of the message", optional=False),
            Field("part", "int", "Phần", "Part", optional=False),
            Field("parts", "int", "Số phần", "Parts", optional=False),
            Field("captured_at", "millis", "Thời điểm nhận", "When it was taken", optional=False),
            Field("outcome", "code", "Kết quả", "Outcome", optional=False),
        ),
    ),
)

HEARTBEATS: Final[tuple[Field, ...]] = (
    *_NUMBER,
    Field("facility", "code", "Mã cơ sở", "Facility", optional=False),
    Field("source_system", "code", "Hệ thống nguồn", "Source system", optional=False),
    Field("source_format", "code", "Định dạng nguồn", "Dialect", optional=False),
    Field("at", "millis", "Thời điểm", "When", optional=False),
    Field("taken", "long", "Số lớn nhất đã nhận", "Highest number taken", optional=False),
    Field(
        "acknowledged",
        "long",
        "Mọi số đến đây đã được Kafka xác nhận",
        "All up to here are acknowledged",
        "clear",
        False,
    ),
    Field("outbox_depth", "long", "Số bản ghi chờ gửi", "Records waiting", optional=False),
    Field("outbox_age", "long", "Tuổi bản ghi chờ lâu nhất (ms)", "Age of the oldest, ms", optional=False),
    Field(
        "documents", "long", "Số phần là tài liệu hoặc liên kết", "Parts that are documents or links", optional=False
    ),
    Field("rejected", "long", "Số phần bị từ chối tại bộ kết nối", "Parts the adapter rejected", optional=False),
    Field("without_document", "long", "Thông điệp không có tài liệu", "Messages without a document", optional=False),
    Field("retransmissions", "long", "Lần gửi lại y nguyên", "Exact retransmissions", optional=False),
    Field("ended", "bool", "Đời này đã kết thúc", "This incarnation has ended", optional=False),
    Field(
        "silent",
        "record",
        "Các số không sinh tài liệu",
        "Numbers that yielded no document",
        lines=(
            Field("first", "long", "Từ số", "From", optional=False),
            Field("last", "long", "Đến số", "To", optional=False),
            Field("reason", "code", "Lý do", "Reason", optional=False),
        ),
    ),
)

CITIZEN_ACTIONS: Final = ("link", "unlink", "withdraw")
"""About which citizen a patient is: this one; nobody known; forget what was said late, the worker's word holds again."""
MERGE_ACTIONS: Final = ("merge", "unmerge")
"""About two patients of one facility: they are one person; they are not, or no more."""

LINKS: Final[tuple[Field, ...]] = (
    Field("patient_key", "string", "Giả danh người bệnh", "Patient of a facility", optional=False),
    Field("action", "code", "link, unlink, withdraw, merge, unmerge", "What is said", optional=False),
    Field("citizen_key", "string", "Giả danh công dân", "Citizen (link)"),
    Field("into_key", "string", "Giả danh người bệnh còn lại", "Patient who stays (merge, unmerge)"),
    Field("facility", "code", "Mã cơ sở", "Facility", optional=False),
    Field("version", "long", "Phiên bản", "Version; the highest holds", optional=False),
    Field("rule", "code", "Quy tắc", "Rule and version", optional=False),
    Field("linked_at", "millis", "Thời điểm", "When it was taken or decided", optional=False),
    Field("decided_by", "code", "Người quyết định", "Who decided, where a person did"),
    Field("why", "string", "Lý do của quyết định, không chứa dữ liệu người bệnh", "Why; never a value of a patient"),
    *_NUMBER,
    Field("sequence", "long", "Số thứ tự; 0: không do bộ kết nối", "Number; 0: no adapter said it", optional=False),
    Field("part", "int", "Phần", "Part", optional=False),
    Field("parts", "int", "Số phần", "Parts", optional=False),
)

LEDGER: Final[dict[str, tuple[Field, ...]]] = {
    "rejected": REJECTED,
    "outcomes": OUTCOMES,
    "heartbeats": HEARTBEATS,
    "identity.links": LINKS,
}
