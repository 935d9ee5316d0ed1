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
