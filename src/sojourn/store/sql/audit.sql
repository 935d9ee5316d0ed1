-- name: create_tables#
-- Who changed what, and when. Lines are only ever added; triggers refuse the rest.
create table if not exists audit (
    id integer primary key,
    at text not null,
    who text not null,
    what text not null,
    detail text not null
);
create trigger if not exists audit_is_never_changed before update on audit
begin select raise(abort, 'the audit log is never changed'); end;
create trigger if not exists audit_is_never_deleted before delete on audit
begin select raise(abort, 'the audit log is never deleted'); end;

-- name: add_line!
-- One change.
insert into audit (at, who, what, detail) values (:at, :who, :what, :detail);

-- name: lines
-- Changes, newest first.
select id, at, who, what, detail from audit order by id desc limit :most offset :skip;

-- name: count_lines$
-- How many changes there are.
select count(*) from audit;
