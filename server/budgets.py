"""The settings that bound: how long, how much, how many at once. A part of `Settings`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Budgets(msgspec.Struct, frozen=True, kw_only=True):
    """What one installation takes on."""

    # Requests
    request_deadline_seconds: Annotated[
        float, Meta(description="A customer's command is answered within this.", gt=0, le=60)
    ] = 2.0
    switch_deadline_seconds: Annotated[
        float, Meta(description="The switch's command is answered within this.", gt=0, le=60)
    ] = 8.0
    read_wait_seconds: Annotated[
        float,
        Meta(description="How long a read waits for the position that it names.", gt=0, le=60),
    ] = 2.0
    shutdown_seconds: Annotated[
        int, Meta(description="On SIGTERM, time for requests that have begun.", ge=1, le=600)
    ] = 30
    sweep_seconds: Annotated[
        float, Meta(description="Pause between sweeps of what is overdue.", gt=0, le=3_600)
    ] = 1.0
    sweep_max: Annotated[
        int, Meta(description="Overdue things that one sweep handles.", ge=1, le=10_000)
    ] = 500
    body_bytes_max: Annotated[
        int, Meta(description="Longest body of a request.", ge=256, le=10_000_000)
    ] = 16_384
    requests_max: Annotated[
        int,
        Meta(
            description="Requests at once in a process, above which it refuses.", ge=1, le=100_000
        ),
    ] = 4_096
    requests_each: Annotated[
        int, Meta(description="Requests at once of one caller in a process.", ge=1, le=100_000)
    ] = 64
    connections_each: Annotated[
        int, Meta(description="Connections at once of one address to a process.", ge=1, le=100_000)
    ] = 2_048
    head_seconds: Annotated[
        float, Meta(description="A request's head has come within this.", gt=0, le=600)
    ] = 10.0
    head_bytes_max: Annotated[
        int, Meta(description="Longest head of a request.", ge=1_024, le=1_000_000)
    ] = 32_768
    body_seconds: Annotated[
        float, Meta(description="Its body has come within this.", gt=0, le=600)
    ] = 20.0
    reading_seconds: Annotated[
        float,
        Meta(
            description="Who has taken nothing of an answer for so long is cut off.", gt=0, le=600
        ),
    ] = 30.0
    rate_sign_in_per_minute: Annotated[
        int, Meta(description="Steps of signing in from one address.", ge=1, le=10_000_000)
    ] = 600
    rate_public_per_minute: Annotated[
        int,
        Meta(description="What anybody may ask, from one address.", ge=1, le=10_000_000),
    ] = 600
    rate_strangers_per_minute: Annotated[
        int,
        Meta(
            description="Requests of one address without a good session, until none is looked at.",
            ge=1,
            le=10_000_000,
        ),
    ] = 600
    rate_reads_per_minute: Annotated[
        int, Meta(description="Reads of one caller.", ge=1, le=10_000_000)
    ] = 1_200
    rate_writes_per_minute: Annotated[
        int, Meta(description="Orders of one caller.", ge=1, le=10_000_000)
    ] = 600
    schema_public: Annotated[
        bool,
        Meta(description="Show /schema to anybody; else to whoever asks from this machine."),
    ] = True
    queue_max: Annotated[
        int,
        Meta(
            description="Commands waiting in a process, above which it refuses.", ge=1, le=100_000
        ),
    ] = 4_096
    batch_max: Annotated[int, Meta(description="Commands in one batch.", ge=1, le=10_000)] = 256
    lag_max: Annotated[
        int,
        Meta(
            description="Records that the read models may lack, above which writes are refused.",
            ge=1,
            le=10_000_000,
        ),
    ] = 50_000
    pool_max: Annotated[
        int, Meta(description="Connections of a process for sessions and jobs.", ge=1, le=100)
    ] = 4
    pin_threads: Annotated[
        int, Meta(description="Threads of a process that check PINs (19 MiB each).", ge=1, le=64)
    ] = 2
    pin_queue_max: Annotated[
        int,
        Meta(
            description="PINs waiting for such a thread, above which log-in refuses.",
            ge=1,
            le=10_000,
        ),
    ] = 64

    # Events, alerts, webhooks
    events_heartbeat_seconds: Annotated[
        float, Meta(description="A stream of events says so often that it is alive.", gt=0, le=300)
    ] = 15.0
    events_recheck_seconds: Annotated[
        float, Meta(description="Pause between looks at listeners' sessions.", gt=0, le=0.8)
    ] = 0.4
    events_buffer_max: Annotated[
        int,
        Meta(
            description="Events that wait for a listener, above which it is let go.",
            ge=1,
            le=10_000,
        ),
    ] = 256
    events_streams_max: Annotated[
        int, Meta(description="Streams of events of a process.", ge=1, le=100_000)
    ] = 2_000
    events_streams_each: Annotated[
        int, Meta(description="Streams of events of one user in a process.", ge=1, le=1_000)
    ] = 4
    alert_seconds: Annotated[
        float, Meta(description="Pause between measurements for alerts.", gt=0, le=3_600)
    ] = 5.0
    safeguarding_seconds: Annotated[
        float,
        Meta(description="Pause between looks for days of the trust to record.", gt=0, le=86_400),
    ] = 60.0
    posting_seconds: Annotated[
        float,
        Meta(
            description="Pause between looks for entries that are due: recurring, reversing.",
            gt=0,
            le=86_400,
        ),
    ] = 60.0
    webhooks_max: Annotated[
        int, Meta(description="Webhooks, above which none is added.", ge=0, le=1_000)
    ] = 20
    webhook_timeout_seconds: Annotated[
        float, Meta(description="Time for one delivery to a webhook as a whole.", gt=0, le=60)
    ] = 10.0
    webhook_retry_seconds: Annotated[
        float,
        Meta(
            description="Pause after a delivery that failed; doubled for each more.", gt=0, le=3_600
        ),
    ] = 5.0
    webhook_retry_seconds_max: Annotated[
        float, Meta(description="The longest such pause.", gt=0, le=86_400)
    ] = 3_600.0
    webhook_give_up_seconds: Annotated[
        int,
        Meta(description="A webhook that fails for so long is disabled.", ge=1, le=2_592_000),
    ] = 86_400
    webhook_overlap_seconds: Annotated[
        int,
        Meta(description="For so long the old secret signs beside a new one.", ge=0, le=2_592_000),
    ] = 86_400
    webhook_keep_seconds: Annotated[
        int,
        Meta(description="How long deliveries that are over are kept.", ge=60, le=31_536_000),
    ] = 2_592_000
    webhook_allow_loopback: Annotated[
        bool,
        Meta(description="Allow webhooks on this machine, without TLS: for demos and tests only."),
    ] = False
