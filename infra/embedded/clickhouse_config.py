"""The engine's configuration: a small memory, few threads, and of the system logs only the query log.

One file serves as server and users configuration. Setting names are ClickHouse's own (`system.server_settings`,
`system.settings`); the same file layout is read by a real server.
"""

from pathlib import Path
from xml.sax.saxutils import escape

MIB = 1024 * 1024

MEMORY_MIB = 700
"""The whole city must fit in 1.8 GiB, so the engine may take 700 MiB and a single statement half of it."""
_RESULT_BYTES = 128 * MIB
_EXECUTION_SECONDS = 300

_SERVER: dict[str, int | str] = {
    "mark_cache_size": 32 * MIB,
    "primary_index_cache_size": 32 * MIB,
    "index_mark_cache_size": 8 * MIB,
    "uncompressed_cache_size": 0,
    "index_uncompressed_cache_size": 0,
    "query_condition_cache_size": 8 * MIB,
    "compiled_expression_cache_size": 8 * MIB,
    "mmap_cache_size": 64,
    "parquet_metadata_cache_size": 0,
    "iceberg_metadata_files_cache_size": 0,
    "vector_similarity_index_cache_size": 0,
    "text_index_tokens_cache_size": 0,
    "text_index_header_cache_size": 0,
    "text_index_postings_cache_size": 0,
    "background_pool_size": 2,
    "background_schedule_pool_size": 2,
    "background_message_broker_schedule_pool_size": 1,
    "background_distributed_schedule_pool_size": 1,
    "background_buffer_flush_schedule_pool_size": 1,
    "max_thread_pool_size": 200,
    "max_io_thread_pool_size": 8,
    "max_concurrent_queries": 32,
}

_PROFILE: dict[str, int | str] = {
    "max_threads": 2,
    "max_insert_threads": 1,
    "max_result_bytes": _RESULT_BYTES,
    "max_execution_time": _EXECUTION_SECONDS,
    "compile_expressions": 0,
    "compile_aggregate_expressions": 0,
    # Switched on for each asked statement; the engine's own preparations stay out of the log.
    "log_queries": 0,
    # The local engine differs from a server here; the city is to behave as it does on a server.
    "implicit_select": 0,
    "storage_file_read_method": "pread",
    "allow_introspection_functions": 0,
}


def _elements(values: dict[str, int | str]) -> str:
    return "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in values.items())


def _memory(mib: int) -> dict[str, int | str]:
    """Of a statement: half of the engine's, and half of that before it goes to disk."""
    statement = mib * MIB // 2
    return {
        "max_memory_usage": statement,
        "max_bytes_before_external_group_by": statement // 2,
        "max_bytes_before_external_sort": statement // 2,
    }


def write_config(folder: Path, memory_mib: int = MEMORY_MIB) -> Path:
    """Write the engine's configuration into `folder` and return the file; it is written anew at every start."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder.resolve() / "engine.xml"
    text = f"""<clickhouse>
{_elements(_SERVER | {"max_server_memory_usage": memory_mib * MIB})}
<users_config>{escape(str(path))}</users_config>
<query_log>
  <database>system</database><table>query_log</table>
  <flush_interval_milliseconds>2000</flush_interval_milliseconds>
  <max_size_rows>4096</max_size_rows><reserved_size_rows>256</reserved_size_rows>
  <buffer_size_rows_flush_threshold>2048</buffer_size_rows_flush_threshold>
  <ttl>event_date + INTERVAL 30 DAY DELETE</ttl>
</query_log>
<profiles><default>{_elements(_PROFILE | _memory(memory_mib))}</default></profiles>
<users><default>
  <password></password><networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
  <profile>default</profile><quota>default</quota>
  <access_management>1</access_management>
</default></users>
<quotas><default></default></quotas>
</clickhouse>
"""
    path.write_text(text, encoding="utf-8")
    return path
