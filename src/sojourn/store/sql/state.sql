-- name: create_tables#
-- What the worker derives from the log; it can be deleted and derived again. One transaction a batch, with its cursor.
create table if not exists cursors (
    name text primary key,
    seq integer not null
) without rowid;
create table if not exists owed (
    first integer primary key,
    last integer not null,
    done integer not null
);
create table if not exists decided (
    control blob not null
);
create table if not exists made_by (
    fingerprint blob not null
);
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
    state blob not null
);
create table if not exists timers (
    person integer primary key,
    due integer not null
);
create index if not exists timers_due on timers (due);
create table if not exists memberships (
    person integer not null,
    segment text not null,
    primary key (person, segment)
) without rowid;
create table if not exists moves (
    id integer primary key autoincrement,
    person integer not null,
    label text not null,
    segment text not null,
    entered integer not null,
    at integer not null,
    seq integer not null
);
create index if not exists moves_of_person on moves (person);
create table if not exists links (
    one integer not null,
    other integer not null,
    kind integer not null,
    time integer not null,
    high integer not null,
    low integer not null,
    last integer not null,
    seq integer not null,
    primary key (one, other, kind, time)
) without rowid;
create index if not exists links_of_other on links (other);

-- name: cursor$
-- Last place in the log that is in the state; null before the first.
select seq from cursors where name = :name;

-- name: cursor_names
-- Whose places are kept.
select name from cursors order by name;

-- name: put_cursor!
insert into cursors (name, seq) values (:name, :seq) on conflict (name) do update set seq = excluded.seq;

-- name: owed
-- Stretches of the table that have not taken effect yet: first and last place, and the last that has.
select first, last, done from owed order by first;

-- name: put_owed*!
insert into owed (first, last, done) values (:first, :last, :done)
on conflict (first) do update set done = excluded.done;

-- name: forget_owed!
delete from owed where done >= last;

-- name: made_by$
-- Fingerprint of the catalogue whose signals are kept; null before the first.
select fingerprint from made_by;

-- name: decided$
-- What was decided by hand about links, as the state follows it.
select control from decided;

-- name: forget_decided!
delete from decided;

-- name: decide!
insert into decided (control) values (:control);

-- name: forget_everything#
delete from cursors; delete from owed; delete from made_by; delete from actors; delete from matches; delete from profiles;
delete from timers; delete from links; delete from memberships; delete from moves;

-- name: make_by!
insert into made_by (fingerprint) values (:fingerprint);

-- name: put_actors*!
insert into actors (actor, person, record) values (:actor, :person, :record)
on conflict (actor) do update set person = excluded.person, record = excluded.record;

-- name: forget_links*!
delete from links where one = :one and other = :other;

-- name: add_links*!
insert into links (one, other, kind, time, high, low, last, seq)
values (:one, :other, :kind, :time, :high, :low, :last, :seq);

-- name: forget_links_of*!
delete from links where one = :actor or other = :actor;

-- name: add_moves*!
insert into moves (person, label, segment, entered, at, seq) values (:person, :label, :segment, :entered, :at, :seq);

-- name: moves
-- Persons that entered or left a segment, after a place in this list, oldest first.
select id, person, label, segment, entered, at, seq from moves where id > :after order by id limit :most;

-- name: moves_of
-- The latest moves of persons, whose numbers are a JSON list, newest first.
select person, label, segment, entered, at, seq from moves where person in (select value from json_each(:persons))
order by id desc limit :most;

-- name: last_move$
-- The place of the newest move.
select max(id) from moves;

-- name: forget_moves!
delete from moves where at < :before;

-- name: forget_moves_of*!
delete from moves where person = :person;

-- name: forget_moves_called*!
delete from moves where label = :label;

-- name: enter*!
insert into memberships (person, segment) values (:person, :segment) on conflict do nothing;

-- name: leave*!
delete from memberships where person = :person and segment = :segment;

-- name: forget_memberships*!
delete from memberships where person = :person;

-- name: segment_sizes
-- Persons in each segment, as of each one's last event or timer.
select segment, count(*) from memberships group by segment order by segment;

-- name: add_matches*!
insert into matches (actor, chunk, data) values (:actor, :chunk, :data)
on conflict (actor, chunk) do update set data = excluded.data;

-- name: forget_matches*!
delete from matches where actor = :actor;

-- name: put_profiles*!
insert into profiles (person, state) values (:person, :state)
on conflict (person) do update set state = excluded.state;

-- name: forget_profiles*!
delete from profiles where person = :person;

-- name: persons_from
-- Numbers of persons from a number on, ascending.
select person from profiles where person >= :first order by person limit :most;

-- name: put_timers*!
insert into timers (person, due) values (:person, :due) on conflict (person) do update set due = excluded.due;

-- name: forget_timers*!
delete from timers where person = :person;

-- name: due
-- Persons whose next timer is due by a time, earliest first.
select person, due from timers where due <= :by order by due, person limit :most;

-- name: forget_actors*!
delete from actors where actor = :actor;

-- name: records
-- What is known of every actor.
select record from actors order by actor;

-- name: links_before
-- Pairs whose earliest evidence of a stretch is of before a time; without a time it is of none.
select one, other from links where time < :before and last != 0;

-- name: counted
-- How many actors, persons and timers there are.
select (select count(*) from actors), (select count(*) from profiles), (select count(*) from timers);
