-- name: create_tables#
-- What the worker derives from the log; it can be deleted and derived again. One transaction a batch, with its cursor.
create table if not exists cursors (
    name text primary key,
    seq integer not null
) without rowid;
create table if not exists actors (
    actor integer primary key,
    person integer not null,
    record blob not null
);
create index if not exists actors_of_person on actors (person);
create table if not exists matches (
    actor integer not null,
    chunk integer not null,
    data blob not null,
    primary key (actor, chunk)
) without rowid;
create table if not exists profiles (
    person integer primary key,
    seq integer not null,
    state blob not null
);
create table if not exists timers (
    person integer primary key,
    due integer not null
);
create index if not exists timers_due on timers (due);

-- name: cursor$
-- Last place in the log that is in the state; null before the first.
select seq from cursors where name = :name;

-- name: put_cursor!
insert into cursors (name, seq) values (:name, :seq) on conflict (name) do update set seq = excluded.seq;

-- name: put_actors*!
insert into actors (actor, person, record) values (:actor, :person, :record)
on conflict (actor) do update set person = excluded.person, record = excluded.record;

-- name: add_matches*!
insert into matches (actor, chunk, data) values (:actor, :chunk, :data)
on conflict (actor, chunk) do update set data = excluded.data;

-- name: forget_matches*!
delete from matches where actor = :actor;

-- name: put_profiles*!
insert into profiles (person, seq, state) values (:person, :seq, :state)
on conflict (person) do update set seq = excluded.seq, state = excluded.state;

-- name: forget_profiles*!
delete from profiles where person = :person;

-- name: put_timers*!
insert into timers (person, due) values (:person, :due) on conflict (person) do update set due = excluded.due;

-- name: forget_timers*!
delete from timers where person = :person;

-- name: due
-- Persons whose next timer is due by a time, earliest first.
select person, due from timers where due <= :by order by due, person limit :most;

-- name: forget_actors*!
delete from actors where actor = :actor;

-- name: counted
-- How many actors, persons and timers there are.
select (select count(*) from actors), (select count(*) from profiles), (select count(*) from timers);
