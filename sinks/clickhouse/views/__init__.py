"""The views analysts read: names they would guess, FINAL hidden, always what holds now.

Counts are taken from the current state, never from insert-time counters, so amendments, cancellations and late links
need no repair. None holds data.
"""

from sinks.clickhouse import balance
from sinks.clickhouse.views import (
    care,
    documents,
    feeds,
    identity,
    laboratory,
    persons,
    progress,
    published,
    quality,
    surveillance,
    visits,
    workbench,
)
from sinks.clickhouse.views.documents import DOCUMENTS
from sinks.clickhouse.views.view import View

__all__ = ["DOCUMENTS", "View", "views"]


def views() -> tuple[View, ...]:
    """All views in order: a view comes after those it reads."""
    return (
        identity.identity_held(),
        identity.identity_now(),
        visits.facility_register(),
        quality.quality_rules(),
        surveillance.notifiable_diseases(),
        *documents.documents(),
        *documents.lines(),
        documents.diagnoses(),
        visits.visits(),
        visits.visits_between(),
        visits.visit_counts(),
        visits.visits_live(),
        persons.patient_timeline(),
        persons.timeline_of(),
        View("ledger", "Mỗi phần thông điệp và kết quả cuối / Each part and its final outcome", balance.LEDGER),
        View("ledger_balance", "Cân đối sổ theo nguồn / The ledger's balance by feed", balance.sql("60"), open=True),
        workbench.rejected_parts(),
        workbench.rejections(),
        workbench.faulty_feeds(),
        feeds.feed_freshness(),
        feeds.feeds_seen(),
        feeds.silent_feeds(),
        *quality.scorecards(),
        quality.rule_issues(),
        quality.document_issues(),
        progress.usable_feeds(),
        progress.connection_progress(),
        laboratory.lab_tests(),
        laboratory.repeated_tests(),
        laboratory.repeated_tests_between(),
        laboratory.test_coverage(),
        care.referral_flow(),
        care.follow_ups(),
        care.follow_up_kept(),
        care.bed_days(),
        care.drug_use(),
        surveillance.notifiable_cases(),
        surveillance.notifiable_daily(),
        *published.published(),
    )
