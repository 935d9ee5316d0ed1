-- name: create_tables#
-- Every catalogue of signals that was tried or put in force through console or API, never changed.
create table if not exists catalogue_versions (
    id integer primary key autoincrement,
    saved_at text not null,
    who text not null,
    note text not null,
    in_force integer not null,
    text text not null
);

-- name: add_version<!
insert into catalogue_versions (saved_at, who, note, in_force, text) values (:saved_at, :who, :note, :in_force, :text);

-- name: versions
-- Newest first.
select id, saved_at, who, note, in_force, text from catalogue_versions order by id desc limit :most;

-- name: version^
select id, saved_at, who, note, in_force, text from catalogue_versions where id = :id;

-- name: latest_in_force^
-- What was put in force last.
select id, saved_at, who, note, in_force, text from catalogue_versions where in_force order by id desc limit 1;
