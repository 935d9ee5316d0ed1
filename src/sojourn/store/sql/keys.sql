-- name: create_tables#
-- Keys of sources, hashed: who reads this file cannot send with them.
create table if not exists keys (
    id integer primary key,
    hash blob not null unique,
    source text not null,
    kind text not null,
    role text,
    consent text not null,
    created_at text not null,
    revoked_at text
);

-- name: add_key!
-- A new key.
insert into keys (hash, source, kind, role, consent, created_at)
values (:hash, :source, :kind, :role, :consent, :created_at);

-- name: living_keys
-- Keys that open something.
select hash, source, kind, role, consent from keys where revoked_at is null order by id;

-- name: all_keys
-- Keys there are and were, oldest first.
select id, source, kind, role, consent, created_at, revoked_at from keys order by id;

-- name: key_ids
-- Numbers and hashes of the keys that open something.
select id, hash from keys where revoked_at is null order by id;

-- name: revoke_key!
-- End one key.
update keys set revoked_at = :revoked_at where id = :id and revoked_at is null;

-- name: revoke_source!
-- End all keys of a source.
update keys set revoked_at = :revoked_at where source = :source and revoked_at is null;
