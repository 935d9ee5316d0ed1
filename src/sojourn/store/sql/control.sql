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
create table if not exists link_decisions (
    one integer not null,
    other integer not null,
    evidence integer not null,
    revoked integer not null,
    decided_at text not null,
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

-- name: add_receipt!
-- What one erasure removed.
insert into receipts (erased_at, actors, events, quarantined) values (:erased_at, :actors, :events, :quarantined);

-- name: receipts
-- Erasures done, oldest first.
select id, erased_at, actors, events, quarantined from receipts order by id;

-- name: decide_link*!
-- Revoke the links of one kind of evidence between two actors, or restore them; the latest decision counts.
insert into link_decisions (one, other, evidence, revoked, decided_at) values (:one, :other, :evidence, :revoked, :decided_at)
on conflict (one, other, evidence) do update set revoked = excluded.revoked, decided_at = excluded.decided_at;

-- name: link_decisions
-- What was decided of links.
select one, other, evidence, revoked, decided_at from link_decisions order by one, other, evidence;

-- name: forget_decisions*!
-- What was decided of links of an erased actor.
delete from link_decisions where one = :actor or other = :actor;

-- name: ignore_id!
-- An identifier names nobody.
insert or ignore into ignored_ids (value) values (:value);

-- name: heed_id!
-- An identifier names somebody again.
delete from ignored_ids where value = :value;

-- name: ignored_ids
-- Identifiers that name nobody.
select value from ignored_ids order by value;
