"""Tables that people and other processes fill: the register, code maps, certificates, weights, requests of persons."""

from typing import Final

from schemas.clickhouse.table import Column, Table

_LOADED: Final = Column("loaded_at", "DateTime64(3)", "Thời điểm nạp; lần mới nhất có hiệu lực / Newest load holds")
_FACILITY: Final = Column("facility", "LowCardinality(String)", "Mã cơ sở KCB / Facility code")
_KIND: Final = Column("kind", "LowCardinality(String)", "Loại tài liệu / Kind of document")
_SYSTEM: Final = Column("source_system", "LowCardinality(String)", "Hệ thống nguồn / Source system")
_CHANGED: Final = Column(
    "changed_at", "DateTime64(3, 'UTC')", "Thời điểm đặt; lần cuối có hiệu lực / When set; the last holds",
    "DEFAULT now64(3)",
)  # fmt: skip

FACILITIES: Final = Table(
    "facilities",
    (
        _FACILITY,
        Column("name", "String", "Tên cơ sở / Name"),
        Column("organisation", "String", "Đơn vị chủ quản / Organisation"),
        Column("synthetic", "Bool", "Dữ liệu giả lập / Made-up data"),
        Column("unit_responsible", "String", "Đơn vị chịu trách nhiệm / Unit responsible"),
        Column("vendor", "LowCardinality(String)", "Nhà cung cấp phần mềm / Vendor of the system"),
        _KIND,
        _SYSTEM,
        Column("source_format", "LowCardinality(String)", "Định dạng / Dialect"),
        Column("precedence", "UInt8", "0 là nguồn chính / 0 is the source of record"),
        Column("since", "Date", "Phải gửi từ ngày / Expected since"),
        _LOADED,
    ),
    "Danh sách cơ sở, mọi lần nạp / The facility register, every load",
    order="facility, kind, source_system, source_format",
    version="loaded_at",
)

CODE_MAPS: Final = Table(
    "code_maps",
    (
        Column("facility", "LowCardinality(String)", "Mã cơ sở; rỗng: mọi cơ sở / Facility; empty: everywhere"),
        Column("system", "LowCardinality(String)", "Hệ mã tại nguồn / Code system at the source"),
        Column("local_code", "String", "Mã nội bộ / Local code"),
        Column("national_system", "LowCardinality(String)", "Danh mục quốc gia / National list"),
        Column("national_code", "String", "Mã danh mục quốc gia / National code"),
        Column("valid_from", "Date", "Từ ngày / From"),
        Column("valid_to", "Date", "Đến ngày / To", "DEFAULT toDate('2149-06-06')"),
        Column("rule_id", "LowCardinality(String)", "Quy tắc ánh xạ / Map rule"),
        Column("version", "UInt64", "Phiên bản; cao nhất có hiệu lực / The highest holds"),
    ),
    "Ánh xạ mã nội bộ sang danh mục quốc gia / Local codes mapped to national lists",
    order="facility, system, local_code, valid_from",
    version="version",
)

TEST_VALIDITY: Final = Table(
    "test_validity",
    (
        Column("national_code", "String", "Mã chỉ số quốc gia / National test code"),
        Column("days", "UInt16", "Kết quả còn giá trị bao nhiêu ngày / Days for which a result stays valid"),
        _CHANGED,
    ),
    "Thời hạn giá trị của kết quả / For how long a result may be used again",
    order="national_code",
    version="changed_at",
    shard="cityHash64(national_code)",
)

CERTIFICATES: Final = Table(
    "certificates",
    (
        _FACILITY,
        _KIND,
        _SYSTEM,
        Column("certified_on", "Date", "Ngày đạt kiểm thử / Passed the conformance test on"),
        Column("certified_by", "String", "Người xác nhận / Certified by"),
        Column("evidence", "String", "Bằng chứng / Evidence (report)"),
        Column("withdrawn", "Bool", "Đã thu hồi / Withdrawn", "DEFAULT false"),
        _CHANGED,
    ),
    "Chứng nhận kết nối / Certificates of conformance",
    order="facility, kind, source_system",
    version="changed_at",
)

SCORECARD_WEIGHTS: Final = Table(
    "scorecard_weights",
    (
        Column("dimension", "LowCardinality(String)", "correct, complete, clean, live / Dimension"),
        Column("part", "LowCardinality(String)", "Thành phần của điểm / Part of the score"),
        Column("weight", "Float64", "Trọng số / Weight"),
        _CHANGED,
    ),
    "Trọng số bảng điểm / Weights of the scorecard",
    order="dimension, part",
    version="changed_at",
    shard="cityHash64(part)",
)

USABLE_THRESHOLDS: Final = Table(
    "usable_thresholds",
    (
        Column("dimension", "LowCardinality(String)", "correct, complete, clean, live / Dimension"),
        Column("minimum", "Float64", "Điểm tối thiểu (0-100) / Least score"),
        _CHANGED,
    ),
    "Ngưỡng dữ liệu dùng được / From which scores data count as usable",
    order="dimension",
    version="changed_at",
    shard="cityHash64(dimension)",
)

ERASED_PERSONS: Final = Table(
    "erased_persons",
    (
        Column("patient_key", "String", "Giả danh người bệnh / Patient"),
        _FACILITY,
        Column("action", "LowCardinality(String)", "erased hoặc restricted / What was done"),
        Column("lifted", "Bool", "Hạn chế đã được gỡ / The restriction was lifted", "DEFAULT false"),
        Column("request", "String", "Số yêu cầu / Number of the request"),
        Column("documents", "UInt64", "Số tài liệu / Documents"),
        Column("kafka_until", "DateTime64(3, 'UTC')", "Kafka giữ đến / Kafka holds until (retention)"),
        Column("done_at", "DateTime64(3, 'UTC')", "Thời điểm / When", "DEFAULT now64(3)"),
    ),
    "Người đã yêu cầu xoá hoặc hạn chế; phát lại và dựng lại phải bỏ qua / Persons erased or restricted: replay obeys",
    order="patient_key, action",
    version="done_at",
)

_PART: Final = (
    _FACILITY,
    Column("adapter_id", "LowCardinality(String)", "Mã bộ kết nối / Adapter"),
    Column("incarnation", "LowCardinality(String)", "Đời của hộp gửi / Life of the outbox"),
    Column("sequence", "Int64", "Số thứ tự / Number of the message"),
    Column("part", "Int32", "Phần / Part"),
)

REJECTION_DECISIONS: Final = Table(
    "rejection_decisions",
    (
        *_PART,
        Column("decision", "LowCardinality(String)", "republished, replayed hoặc discarded / What was decided"),
        Column("replay_adapter_id", "LowCardinality(String)", "Số mới: bộ kết nối / Sent as: adapter", "DEFAULT ''"),
        Column("replay_incarnation", "LowCardinality(String)", "Số mới: đời hộp gửi / Sent as: outbox", "DEFAULT ''"),
        Column("replay_sequence", "Int64", "Số mới: số thứ tự / Sent as: number", "DEFAULT 0"),
        Column("replay_part", "Int32", "Số mới: phần; 0 là cả thông điệp / Sent as: part; 0: all", "DEFAULT 0"),
        Column("why", "String", "Lý do của quyết định / Why"),
        Column("decided_by", "String", "Người quyết định / Who decided"),
        Column("lifted", "Bool", "Đã rút lại / Taken back", "DEFAULT false"),
        Column("decided_at", "DateTime64(3, 'UTC')", "Thời điểm / When", "DEFAULT now64(3)"),
    ),
    "Việc đã làm với phần bị từ chối / What was done about rejected parts",
    order="facility, adapter_id, incarnation, sequence, part, decision, replay_adapter_id, replay_incarnation, replay_sequence",
    version="decided_at",
)

ORIGINAL_ACCESSES: Final = Table(
    "original_accesses",
    (
        *_PART,
        Column("opened_by", "String", "Người mở / Who"),
        Column("purpose", "String", "Mục đích / Purpose"),
        Column("opened_at", "DateTime64(3, 'UTC')", "Thời điểm / When", "DEFAULT now64(3)"),
    ),
    "Nhật ký mở niêm phong bản gốc / Log of sealed originals opened by people",
    order="opened_at, facility, adapter_id, incarnation, sequence, part, opened_by",
)

REJECTION_LIMITS: Final = Table(
    "rejection_limits",
    (
        Column("facility", "LowCardinality(String)", "Mã cơ sở; rỗng: mọi cơ sở / Facility; empty: all others"),
        Column("share", "Float64", "Tỷ lệ từ chối tối đa (0-1) / Largest share rejected"),
        Column("minutes", "UInt32", "Cửa sổ thời gian, phút / Window in minutes"),
        Column("least", "UInt32", "Số phần tối thiểu để xét / Parts below which nothing is judged"),
        _CHANGED,
    ),
    "Ngưỡng từ chối của nguồn / From which share of rejections a feed counts as faulty",
    order="facility",
    version="changed_at",
)

REFERENCE: Final[tuple[Table, ...]] = (
    FACILITIES,
    CODE_MAPS,
    TEST_VALIDITY,
    CERTIFICATES,
    SCORECARD_WEIGHTS,
    USABLE_THRESHOLDS,
    ERASED_PERSONS,
    REJECTION_DECISIONS,
    ORIGINAL_ACCESSES,
    REJECTION_LIMITS,
)
