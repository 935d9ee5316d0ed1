-- name: create_tables#
-- What is kept by hand or must survive a rebuild: imports done, erasures, and what may not come back.
create table if not exists imports (
    id integer primary key,
    file text not null,
    source text not null,
    finished_at text not null,
    read integer not null,
    imported integer not null,
    duplicates integer not null,
    repeated integer not null,
    rejected integer not null,
    bots integer not null
);
create table if not exists suppressed (
    actor integer primary key,
    until_us integer not null
);
create table if not exists receipts (
    id integer primary key,
    erased_at text not null,
    actors integer not null,
    events integer not null,
    quarantined integer not null
);
create table if not exists expiries (
    id integer primary key,
    before_us integer not null,
    begun_at text not null,
    finished_at text,
    events integer not null default 0,
    first_us integer,
    last_us integer,
    logged integer not null default 0,
    choices integer not null default 0
);
create table if not exists link_decisions (
    one integer not null,
    other integer not null,
    evidence integer not null,
    revoked integer not null,
    decided_at text not null,
    primary key (one, other, evidence)
) without rowid;
create table if not exists decision_places (
    one integer not null,
    other integer not null,
    evidence integer not null,
    seq integer not null,
    primary key (one, other, evidence)
) without rowid;
create table if not exists ignored_ids (
    value text primary key
) without rowid;

-- name: add_import!
-- One finished import.
insert into imports (file, source, finished_at, read, imported, duplicates, repeated, rejected, bots)
values (:file, :source, :finished_at, :read, :imported, :duplicates, :repeated, :rejected, :bots);

-- name: imports
-- Imports done, oldest first.
select id, file, source, finished_at, read, imported, duplicates, repeated, rejected, bots from imports order by id;

-- name: suppress*!
-- Refuse events of erased actors up to a time; the later time wins.
insert into suppressed (actor, until_us) values (:actor, :until_us)
on conflict (actor) do update set until_us = max(until_us, excluded.until_us);

-- name: suppressed
-- The suppression list.
select actor, until_us from suppressed order by actor;

-- name: add_receipt<!
-- What one erasure removed.
insert into receipts (erased_at, actors, events, quarantined) values (:erased_at, :actors, :events, :quarantined);

-- name: receipts
-- Erasures done, oldest first.
select id, erased_at, actors, events, quarantined from receipts order by id;

-- name: begin_expiry<!
-- From now on events of before a time are refused, and those there are go.
insert into expiries (before_us, begun_at) values (:before_us, :begun_at);

-- name: widen_expiry!
-- A run that was killed goes on, with a later time.
update expiries set before_us = max(before_us, :before_us) where id = :id;

-- name: plan_expiry!
-- What a run will take away; what it had planned before it was killed is gone by now, or planned again.
update expiries set events = max(events, :events), first_us = min(coalesce(first_us, :first_us), coalesce(:first_us, first_us)),
    last_us = max(coalesce(last_us, :last_us), coalesce(:last_us, last_us)), choices = :choices
where id = :id;

-- name: finish_expiry!
-- A run is done.
update expiries set finished_at = :finished_at, logged = logged + :logged where id = :id;

-- name: unfinished_expiry^
-- A run that is under way, or was killed.
select id, before_us from expiries where finished_at is null order by id desc limit 1;

-- name: expiry_limit$
-- Events of before this time are refused; null without a run.
select max(before_us) from expiries;

-- name: expiry_reached$
-- Events of before this time are gone; null without a run that is done.
select max(before_us) from expiries where finished_at is not null;

-- name: expiries
-- Runs that are done, oldest first.
select id, before_us, finished_at, events, first_us, last_us, logged, choices from expiries
where finished_at is not null order by id;

-- name: decide_link*!
-- Revoke the links of one kind of evidence between two actors, or restore them; of several decisions the last in the log counts,
-- and none that was made before one of the actors was erased.
insert into link_decisions (one, other, evidence, revoked, decided_at)
select :one, :other, :evidence, :revoked, :decided_at
where not exists (select 1 from suppressed where actor in (:one, :other) and until_us >= :at_us)
on conflict (one, other, evidence) do update set revoked = excluded.revoked, decided_at = excluded.decided_at
where :seq >= coalesce((select seq from decision_places where one = :one and other = :other and evidence = :evidence), -1);

-- name: place_decision*!
-- Where in the log the decision that counts is; of links that something is decided of.
insert into decision_places (one, other, evidence, seq)
select one, other, evidence, :seq from link_decisions where one = :one and other = :other and evidence = :evidence
on conflict (one, other, evidence) do update set seq = max(seq, excluded.seq);

-- name: last_decision$
-- The highest place of any decision; null without one.
select max(seq) from decision_places;

-- name: link_decisions
-- What was decided of links.
select one, other, evidence, revoked, decided_at from link_decisions order by one, other, evidence;

-- name: forget_decisions*!
-- What was decided of links of an erased actor.
delete from link_decisions where one = :actor or other = :actor;

-- name: forget_places*!
-- Where they are in the log.
delete from decision_places where one = :actor or other = :actor;

-- name: ignore_id!
-- An identifier names nobody.
insert or ignore into ignored_ids (value) values (:value);

-- name: heed_id!
-- An identifier names somebody again.
delete from ignored_ids where value = :value;

-- name: ignored_ids
-- Identifiers that name nobody.
select value from ignored_ids order by value;
