-- name: load
-- One sorted table; the event as its code, so that engines scan what the kernels scan.
create table ev engine = MergeTree order by (person, ts) as
select assumeNotNull(person) as person, toUnixTimestamp64Micro(assumeNotNull(time)) as ts,
       toUInt8(transform(assumeNotNull(event), {event_names}, range({event_count}), 255)) as event,
       toLowCardinality(url) as url, toLowCardinality(assumeNotNull(channel)) as channel, toLowCardinality(campaign) as campaign, revenue
from file('{log}', Parquet)

-- name: funnel
-- Four steps within 7 days; for each step how many, and the median wait along the chain of the latest start.
with rows as (
  select person, arraySort(groupArray((ts - {start}) * 8 + transform(event, [3, 4, 6, 7], [1, 2, 3, 4], 0))) as z,
    arrayMap(x -> bitShiftRight(x, 3) + 1, z) as t, arrayMap(x -> bitAnd(x, 7), z) as s,
    arrayFill(x -> x > 0, arrayMap((a, b) -> if(b = 1, a, 0), t, s)) as v1,
    arrayMap((a, b, c) -> if(b = 2 and c > 0 and a - c <= {week}, c, 0), t, s, v1) as x2,
    arrayFill(x -> x > 0, x2) as v2, arrayFill(x -> x > 0, arrayMap((a, b) -> if(b > 0, a, 0), t, x2)) as w2,
    arrayMap((a, b, c) -> if(b = 3 and c > 0 and a - c <= {week}, c, 0), t, s, v2) as x3,
    arrayFill(x -> x > 0, x3) as v3, arrayFill(x -> x > 0, arrayMap((a, b) -> if(b > 0, a, 0), t, x3)) as w3,
    arrayMap((a, b, c) -> if(b = 4 and c > 0 and a - c <= {week}, c, 0), t, s, v3) as x4,
    arrayFirstIndex(x -> x > 0, x2) as i2, arrayFirstIndex(x -> x > 0, x3) as i3, arrayFirstIndex(x -> x > 0, x4) as i4
  from ev where event in (3, 4, 6, 7) group by person settings optimize_aggregation_in_order = 1)
select countIf(has(s, 1)) as n1, countIf(i2 > 0) as n2, countIf(i3 > 0) as n3, countIf(i4 > 0) as n4,
  quantileExactInclusiveIf(0.5)(t[i2] - v1[i2], i2 > 0) as m2,
  quantileExactInclusiveIf(0.5)(t[i3] - w2[i3], i3 > 0) as m3,
  quantileExactInclusiveIf(0.5)(t[i4] - w3[i4], i4 > 0) as m4
from rows

-- name: funnel_by_first_channel
-- The same counts by the channel of the person's first event.
with steps as (
  select person, windowFunnel({week})(toUInt64(ts - {start}), event = 3, event = 4, event = 6, event = 7) as level,
    argMin(channel, ts) as first_channel
  from ev group by person settings optimize_aggregation_in_order = 1)
select first_channel, countIf(level >= 1), countIf(level >= 2), countIf(level >= 3), countIf(level >= 4)
from steps where level > 0 group by first_channel order by first_channel

-- name: retention
-- Weekly cohorts by a person's first event, and how many of each came back in each later week.
with weeks as (
  select person, groupUniqArray(intDiv(ts - {monday}, {week})) as active, arrayMin(active) as first
  from ev group by person settings optimize_aggregation_in_order = 1)
select first, arrayJoin(active) - first as later, count() from weeks group by first, later order by first, later

-- name: sessions
-- Silence of 30 minutes: how many, how many of one event, and the median length.
with visits as (
  select arraySort(groupArray(ts)) as t, arraySplit((x, d) -> d >= {gap}, t, arrayDifference(t)) as cut
  from ev group by person settings optimize_aggregation_in_order = 1),
one as (select arrayJoin(cut) as visit from visits)
select count(), countIf(length(visit) = 1), quantileExactInclusive(0.5)(visit[-1] - visit[1]) from one

-- name: transitions
-- How often each event follows each other one in a person's journey.
with journeys as (
  select arraySort(groupArray((ts - {start}) * 64 + event)) as z, arrayMap(x -> bitAnd(x, 63), z) as e
  from ev group by person settings optimize_aggregation_in_order = 1)
select arrayJoin(arrayMap((a, b) -> a * 64 + b, arrayPopBack(e), arrayPopFront(e))) as pair, count() as n
from journeys where length(e) > 1 group by pair order by pair

-- name: five_grams
-- The 100 most frequent runs of five events.
with journeys as (
  select arraySort(groupArray((ts - {start}) * 64 + event)) as z, arrayMap(x -> bitAnd(x, 63), z) as e
  from ev group by person settings optimize_aggregation_in_order = 1)
select arrayJoin(arrayMap(i -> bitShiftLeft(e[i], 24) + bitShiftLeft(e[i + 1], 18) + bitShiftLeft(e[i + 2], 12)
  + bitShiftLeft(e[i + 3], 6) + e[i + 4], range(1, length(e) - 3))) as run, count() as n
from journeys where length(e) > 4 group by run order by n desc, run limit 100

-- name: attribution
-- Orders by the channel of the first and the last event of the 30 days before, and shared out evenly.
with journeys as (
  select arraySort(groupArray(tuple(ts, event = 7, channel))) as rows from ev group by person
  settings optimize_aggregation_in_order = 1),
orders as (
  select rows, arrayJoin(arrayFilter(i -> rows[i].2, arrayEnumerate(rows))) as i,
    arrayMap(x -> x.3, arrayFilter((x, j) -> j <= i and rows[i].1 - x.1 <= {month}
      and j > arrayLastIndex((y, k) -> y.2 and k < i, rows, arrayEnumerate(rows)), rows, arrayEnumerate(rows))) as path
  from journeys)
select channel, sum(first) as first, sum(last) as last, sum(even) as linear from (
  select path[1] as channel, 1. as first, 0. as last, 0. as even from orders
  union all select path[-1], 0., 1., 0. from orders
  union all select arrayJoin(path), 0., 0., 1. / length(path) from orders)
group by channel order by channel
