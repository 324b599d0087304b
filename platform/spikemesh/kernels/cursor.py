"""Words of the cursor, which carries positions and totals of a worker from call to call."""

(
    SCHEDULE_AT,
    RECORDED,
    SPIKES,
    DELIVERIES,
    DRIVEN,
    FULL,
    NARROW,
    FAILED_POPULATION,
    FAILED_TABLE,
) = range(9)
CURSOR_WORDS = 9
