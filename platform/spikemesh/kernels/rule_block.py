"""Layout of the block through which the loops around a learning rule reach the arrays of a plastic table."""

OUTGROWN = 256.0
"""A plastic weight beyond this many times w_max is delivered as so much, for its integer to fit."""

# Block of a plastic table.
(
    SYNAPSES,
    WEIGHT,
    VARIABLES,
    RULE_CONSTANTS,
    TARGET,
    ROWS,
    ROW_START,
    SEGMENTS,
    SEGMENT_START,
    SEGMENT_DELAY,
    HISTORY,
    HISTORY_MASK,
    MARKED,
    POST_SIZE,
    POST_FIRST,
    POST_TRACES,
    BY_POST_START,
    BY_POST,
    BY_POST_HIGH,
    OFFSET_BITS,
    LAG_BITS,
    DUE,
    SCRATCH,
    ROW,
    TICK,
    STEPS,
    SPIKED,
    SPIKED_COUNT,
    THIRD,
    TABLE_RAISED,
    POST_STATE,
    SOURCE,
    NEURON,
    ORDINAL,
    KEYS,
    UNTIL,
    DENDRITIC,
    POST_MASK,
    DELAYS,
    DELAY_COUNT,
    SPIKED_THEN,
    SPIKED_THEN_COUNT,
    DRAWN,
    ROW_SEGMENT,
    CONTIGUOUS,
    CAUGHT_UP,
    PENDING,
    PENDING_COUNT,
    PAST_POST,
    PAST_THIRD,
    PAST_STEPS,
    CATCH_UP,
    THROUGH,
) = range(53)
TABLE_WORDS = 53

DUE_WORDS = 5
"""Of a segment that is due: first synapse, the one after its last, place in the history, row, delay."""
SCRATCH_WORDS = 512
"""Numbers of scratch memory that a rule's loops may use."""
BATCH = 128
"""Synapses whose random numbers are drawn at a time."""
PAST = 32
"""Steps that visits of a row may be put off, a power of two of at most 64."""
PLACE_BITS = 26
"""Bits of a synapse's place in its row in what is pending, below those of the step."""
