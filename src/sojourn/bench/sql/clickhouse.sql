-- name: load
-- One sorted table; the event as its code, so that engines scan what the kernels scan.
create table ev engine = MergeTree order by (person, ts) as
select assumeNotNull(person) as person, toUnixTimestamp64Micro(assumeNotNull(time)) as ts,
       toUInt8(transform(assumeNotNull(event), {event_names}, range({event_count}), 255)) as event,
       toLowCardinality(url) as url, cast(assumeNotNull(channel), 'Enum8({channel_codes})') as channel, toLowCardinality(campaign) as campaign, revenue
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
from steps where level > 0 group by first_channel order by toString(first_channel)

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
-- Orders by channel in six models: first, last, last but direct, evenly, by decay over a week, and 40/20/40; the
-- touches of an order are those of the 30 days before it and after the order before.
with journeys as (
  select arraySort(groupArray(((ts - {start}) * 64 + event) * 8 + toInt8(channel))) as z
  from ev group by person having max(event = 7) settings optimize_aggregation_in_order = 1),
parts as (
  select arrayJoin(arraySplit((x, before) -> bitAnd(bitShiftRight(before, 3), 63) = 7, z, arrayPushFront(arrayPopBack(z), toInt64(0)))) as part
  from journeys),
paths as (
  select arrayFilter(x -> bitShiftRight(part[-1], 9) - bitShiftRight(x, 9) <= {month}, part) as rows,
    arrayMap(x -> bitAnd(x, 7), rows) as path, length(rows) as n,
    arrayMap(x -> exp2((bitShiftRight(x, 9) - bitShiftRight(rows[-1], 9)) / {week}), rows) as w, arraySum(w) as whole,
    arrayLastIndex(x -> x > 0, path) as known
  from parts where bitAnd(bitShiftRight(part[-1], 3), 63) = 7),
sums as (
  select sumMap([path[1]], [1.]) as m1, sumMap([path[-1]], [1.]) as m2, sumMap([path[if(known > 0, known, n)]], [1.]) as m3,
    sumMap(path, arrayWithConstant(n, 1. / n)) as m4, sumMap(path, arrayMap(x -> x / whole, w)) as m5,
    sumMap(path, arrayMap(i -> multiIf(n = 1, 1., n = 2, .5, i = 1 or i = n, .4, .2 / (n - 2)), arrayEnumerate(path))) as m6
  from paths),
channels as (select arrayJoin({channel_names}) as channel, indexOf({channel_names}, channel) - 1 as c)
select channel, m1.2[indexOf(m1.1, c)], m2.2[indexOf(m2.1, c)], m3.2[indexOf(m3.1, c)], m4.2[indexOf(m4.1, c)],
  m5.2[indexOf(m5.1, c)], m6.2[indexOf(m6.1, c)] from channels cross join sums order by channel

-- name: trend
-- Sessions on some pages by day: how many, and how many of one event.
with visits as (
  select arraySort(groupArray(ts)) as t, arrayJoin(arraySplit((x, d) -> d >= {gap}, t, arrayDifference(t))) as visit
  from ev where url like '/page/1%' group by person settings optimize_aggregation_in_order = 1)
select intDiv(visit[1] - {start}, {day}) as since, count(), countIf(length(visit) = 1) from visits group by since order by since

-- name: converters_against_leavers
-- Who ordered without ever going to the checkout page, against who went and did not: how many of each have each event.
with persons as (
  select groupUniqArray(event) as events, has(events, 7) as ordered, has(events, 6) as went
  from ev group by person having ordered != went settings optimize_aggregation_in_order = 1)
select arrayJoin(events) as event, countIf(ordered), countIf(went) from persons where event not in (6, 7) group by event order by event
