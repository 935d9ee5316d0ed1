-- name: create_tables#
-- Rejected rows; `key` makes the same row of the same source count once however often its file is imported.
create table if not exists rejected (
    key blob primary key,
    source text not null,
    file text not null,
    line integer not null,
    reason text not null,
    detail text not null,
    raw blob not null,
    rejected_at text not null
) without rowid;

-- name: add_rejected*!
-- Rows rejected by one import.
insert into rejected (key, source, file, line, reason, detail, raw, rejected_at)
values (:key, :source, :file, :line, :reason, :detail, :raw, :rejected_at)
on conflict (key) do nothing;

-- name: rejected_rows
-- The newest first, for `sojourn events --rejected`.
select source, file, line, reason, detail, raw, rejected_at from rejected
order by rejected_at desc, file, line limit :most;

-- name: rejected_page
-- The newest first of a reason and a source, either of which may be left open.
select key, source, file, line, reason, detail, raw, rejected_at from rejected
where (:reason is null or reason = :reason) and (:source is null or source = :source)
order by rejected_at desc, file, line limit :most offset :skip;

-- name: rejected_of_key^
-- One row.
select key, source, file, line, reason, detail, raw, rejected_at from rejected where key = :key;

-- name: rejected_by_both
-- How many of each reason and source.
select reason, source, count(*) as rows from rejected group by reason, source order by rows desc, reason, source;

-- name: rejected_by_reason
-- How many of each reason.
select reason, count(*) as rows from rejected group by reason order by rows desc, reason;

-- name: texts
-- What rows say, for finding those that name an erased person.
select key, raw, detail from rejected;

-- name: erase*!
-- Rows that name an erased person.
delete from rejected where key = :key;

-- name: forget_rejected!
-- Rows whose time is over.
delete from rejected where rejected_at < :before;
