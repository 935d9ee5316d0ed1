-- name: load
-- One sorted table; the event as its code.
create table ev as
select person, epoch_us(time) as ts, (list_position({event_names}, event) - 1)::utinyint as event,
       url, channel, campaign, revenue
from read_parquet('{log}') order by person, ts

-- name: funnel
-- Four steps within 7 days as a chain of ASOF joins: each step finds the latest chain that reached the one before.
with s1 as (select person, ts from ev where event = 3),
s2 as (select e.person, e.ts, s1.ts as begun, e.ts - s1.ts as wait from (select person, ts from ev where event = 4) e
  asof join s1 on e.person = s1.person and e.ts > s1.ts where e.ts - s1.ts <= {week}),
s3 as (select e.person, e.ts, s2.begun, e.ts - s2.ts as wait from (select person, ts from ev where event = 6) e
  asof join s2 on e.person = s2.person and e.ts > s2.ts where e.ts - s2.begun <= {week}),
s4 as (select e.person, e.ts, s3.begun, e.ts - s3.ts as wait from (select person, ts from ev where event = 7) e
  asof join s3 on e.person = s3.person and e.ts > s3.ts where e.ts - s3.begun <= {week}),
f2 as (select arg_min(wait, ts) as w from s2 group by person),
f3 as (select arg_min(wait, ts) as w from s3 group by person),
f4 as (select arg_min(wait, ts) as w from s4 group by person)
select (select count(distinct person) from s1), (select count(*) from f2), (select count(*) from f3), (select count(*) from f4),
  (select quantile_cont(w, 0.5) from f2), (select quantile_cont(w, 0.5) from f3), (select quantile_cont(w, 0.5) from f4)

-- name: funnel_by_first_channel
-- The same counts by the channel of the person's first event.
with s1 as (select person, ts from ev where event = 3),
s2 as (select e.person, e.ts, s1.ts as begun from (select person, ts from ev where event = 4) e
  asof join s1 on e.person = s1.person and e.ts > s1.ts where e.ts - s1.ts <= {week}),
s3 as (select e.person, e.ts, s2.begun from (select person, ts from ev where event = 6) e
  asof join s2 on e.person = s2.person and e.ts > s2.ts where e.ts - s2.begun <= {week}),
s4 as (select e.person, e.ts, s3.begun from (select person, ts from ev where event = 7) e
  asof join s3 on e.person = s3.person and e.ts > s3.ts where e.ts - s3.begun <= {week}),
level as (select person, max(l) as level from (select distinct person, 1 as l from s1 union all select distinct person, 2 from s2
  union all select distinct person, 3 from s3 union all select distinct person, 4 from s4) group by person),
first as (select person, arg_min(channel, ts) as channel from ev group by person)
select channel, count(*) filter (level >= 1), count(*) filter (level >= 2), count(*) filter (level >= 3), count(*) filter (level >= 4)
from level join first using (person) group by channel order by channel

-- name: retention
-- Weekly cohorts by a person's first event, and how many of each came back in each later week.
with weeks as (select person, (ts - {monday}) // {week} as week from ev group by all),
firsts as (select person, week, min(week) over (partition by person) as first from weeks)
select first, week - first as later, count(*) from firsts group by all order by 1, 2

-- name: sessions
-- Silence of 30 minutes: how many, how many of one event, and the median length.
with gaps as (select person, ts, case when ts - lag(ts) over (partition by person order by ts) < {gap} then 0 else 1 end as begins from ev),
numbered as (select person, ts, sum(begins) over (partition by person order by ts rows unbounded preceding) as visit from gaps),
visits as (select count(*) as n, max(ts) - min(ts) as length from numbered group by person, visit)
select count(*), count(*) filter (n = 1), quantile_cont(length, 0.5) from visits

-- name: transitions
-- How often each event follows each other one in a person's journey.
with pairs as (select event * 64::integer + lead(event) over (partition by person order by ts) as pair from ev)
select pair, count(*) from pairs where pair is not null group by pair order by pair

-- name: five_grams
-- The 100 most frequent runs of five events.
with runs as (select (event::bigint << 24) + (lead(event, 1) over w << 18) + (lead(event, 2) over w << 12)
  + (lead(event, 3) over w << 6) + lead(event, 4) over w as run
  from (select person, ts, event::bigint as event from ev) window w as (partition by person order by ts))
select run, count(*) as n from runs where run is not null group by run order by n desc, run limit 100

-- name: attribution
-- Orders by channel in six models: first, last, last but direct, evenly, by decay over a week, and 40/20/40; the
-- touches of an order are those of the 30 days before it and after the order before.
with orders as (select person, ts from ev where event = 7),
touches as (
  select e.person, e.ts, e.channel, o.ts as ordered, pow(2, (e.ts - o.ts) / {week}) as decayed
  from ev e asof join orders o on e.person = o.person and e.ts <= o.ts where o.ts - e.ts <= {month}),
ends as (
  select person, ordered, min(ts) as first, max(ts) as last, max(ts) filter (channel <> 'direct') as known, count(*) as n,
    sum(decayed) as whole from touches group by all)
select channel, sum((ts = first)::integer)::double, sum((ts = last)::integer)::double,
  sum((ts = coalesce(known, last))::integer)::double, sum(1.0::double / n), sum(decayed / whole),
  sum(case when n = 1 then 1.0::double when n = 2 then 0.5 when ts = first or ts = last then 0.4 else 0.2 / (n - 2) end)
from touches join ends using (person, ordered) group by channel order by channel

-- name: trend
-- Sessions on some pages by day: how many, and how many of one event.
with gaps as (
  select person, ts, case when ts - lag(ts) over (partition by person order by ts) < {gap} then 0 else 1 end as begins
  from ev where url like '/page/1%'),
numbered as (select person, ts, sum(begins) over (partition by person order by ts rows unbounded preceding) as visit from gaps),
visits as (select min(ts) as began, count(*) as n from numbered group by person, visit)
select (began - {start}) // {day} as since, count(*), count(*) filter (n = 1) from visits group by since order by since

-- name: converters_against_leavers
-- Who ordered without ever going to the checkout page, against who went and did not: how many of each have each event.
with persons as (
  select bit_or(1::bigint << event) as events from ev group by person
  having (bit_or(1::bigint << event) & 128 > 0) <> (bit_or(1::bigint << event) & 64 > 0))
select event, count(*) filter (events & 128 > 0), count(*) filter (events & 64 > 0)
from persons, range({event_count}) as codes(event)
where event not in (6, 7) and events & (1::bigint << event) > 0 group by event order by event
