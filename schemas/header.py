"""The header of every event, what the worker appends, and what the sink appends (flat, in this order)."""

from typing import Final

from schemas.fields import Field

HEADER: Final[tuple[Field, ...]] = (
    Field("adapter_id", "code", "Mã bộ kết nối", "Adapter: one feed of one facility", optional=False),
    Field("incarnation", "code", "Đời của hộp gửi (ngẫu nhiên, 16 hex)", "Life of the outbox, random", optional=False),
    Field("sequence", "long", "Số thứ tự thông điệp", "Number of the message, from 1", optional=False),
    Field("part", "int", "Phần thứ mấy của thông điệp", "Part of the message, from 1", optional=False),
    Field("parts", "int", "Số phần của thông điệp", "Parts of the message", optional=False),
    Field("kind", "code", "Loại tài liệu", "Kind of document", optional=False),
    Field("document_id", "string", "Mã tài liệu (giả danh, 32 hex)", "Pseudonym of the natural key", optional=False),
    Field(
        "version", "long", "Phiên bản: mili giây × 2^20 + số thứ tự", "Version: ms × 2^20 + sequence", optional=False
    ),
    Field("content_hash", "string", "Dấu nội dung (HMAC, 32 hex)", "HMAC of the content", optional=False),
    Field("status", "code", "Trạng thái: active, cancelled, entered_in_error", "Status", optional=False),
    Field("partial", "bool", "Thiếu phần đã gửi trước đó", "What was said earlier is not known", optional=False),
    Field("replay_of", "string", "Phát lại của số nào", "Number that this one mends"),
    Field("replay_count", "int", "Lần phát lại", "Times replayed"),
    Field("facility", "code", "Mã cơ sở KCB (MACSKCB, 5 ký tự)", "Facility code", optional=False),
    Field("source_system", "code", "Hệ thống nguồn", "Source system (HIS, LIS, PACS ...)", optional=False),
    Field("source_format", "code", "Định dạng nguồn", "Dialect (insurance_xml, hl7v2 ...)", optional=False),
    Field("source_message_id", "string", "Mã thông điệp nguồn (đã băm)", "Hashed id of the source's message"),
    Field("occurred_at", "millis", "Thời điểm lâm sàng", "When it happened at the bedside"),
    Field("recorded_at", "millis", "Thời điểm ghi nhận ở nguồn", "When the source recorded it"),
    Field("captured_at", "millis", "Thời điểm bộ kết nối nhận", "When the adapter took it", optional=False),
    Field("patient_key", "string", "Giả danh người bệnh tại cơ sở", "Pseudonym of the facility's patient"),
    Field("visit_key", "string", "Giả danh lượt khám tại cơ sở", "Pseudonym of the facility's visit"),
    Field("sensitivity", "code", "Mức nhạy cảm: normal, restricted", "Sensitivity", optional=False),
    Field("purpose", "code", "Mục đích xử lý", "Purpose of processing", optional=False),
    Field("legal_basis", "code", "Căn cứ pháp lý", "Legal basis", optional=False),
    Field("trace_id", "string", "Mã lần vết", "Trace id", optional=False),
    Field("rows_read", "int", "Số dòng/đoạn nguồn đã đọc (chỉ ở phần 1)", "Source rows or segments read (part 1)"),
    Field("rows_used", "int", "Số dòng/đoạn nguồn đã dùng (chỉ ở phần 1)", "Source rows or segments used (part 1)"),
    Field("rows_unmapped", "int", "Số dòng/đoạn chưa ánh xạ (chỉ ở phần 1)", "Source rows not mapped (part 1)"),
    Field("marks", "strings", "Dấu chất lượng do bộ kết nối đặt", "Quality marks set by the adapter"),
)

ENRICHMENT: Final[tuple[Field, ...]] = (
    Field("outcome", "code", "Kết quả: accepted, amended", "Outcome", optional=False),
    Field("superseded", "bool", "Đến sau một phiên bản mới hơn", "Came after a newer version", optional=False),
    Field("citizen_key", "string", "Giả danh công dân", "Pseudonym of the citizen"),
    Field("identity_tier", "code", "Bậc định danh", "verified, probable, conflict, unmatched", optional=False),
    Field("identity_rule", "code", "Quy tắc định danh và phiên bản", "Rule and version that decided", optional=False),
    Field("identity_score", "int", "Điểm định danh, phần nghìn", "Score in thousandths", optional=False),
    Field("quality", "strings", "Các quy tắc không đạt", "Rules that failed"),
    Field(
        "mapped_codes",
        "record",
        "Mã nội bộ đã ánh xạ sang danh mục quốc gia",
        "Local codes mapped to national lists",
        lines=(
            Field("place", "string", "Vị trí", "Place in the document", optional=False),
            Field("system", "code", "Hệ mã", "Code system", optional=False),
            Field("code", "string", "Mã", "Code", optional=False),
            Field("rule", "code", "Quy tắc ánh xạ", "Map rule", optional=False),
        ),
    ),
    Field("document_date", "date", "Ngày của tài liệu (giờ Hà Nội), không đổi", "Local date, fixed", optional=False),
    Field("processed_at", "millis", "Thời điểm xử lý", "When the worker processed it", optional=False),
)

COORDINATES: Final[tuple[Field, ...]] = (
    Field("kafka_partition", "int", "Phân vùng Kafka", "Kafka partition of accepted", optional=False),
    Field("kafka_offset", "long", "Vị trí Kafka", "Kafka offset of accepted", optional=False),
)

HASHED_HEADER: Final = ("status", "partial", "occurred_at", "patient_key", "visit_key", "sensitivity")
"""The header's share in `content_hash`: what the document says, not how or when it came."""
