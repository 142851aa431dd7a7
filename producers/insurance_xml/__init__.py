"""The Vietnamese insurance XML (QĐ 130/4750/3176, envelope `GIAMDINHHS`): one HOSO is one message."""
