-- name: create_tables#
-- Who may log in to the console. Tokens of sessions and links are kept hashed; names and addresses of failed logins too.
create table if not exists users (
    id integer primary key,
    name text not null unique,
    role text not null,
    password text,
    created_at text not null,
    disabled_at text
);
create table if not exists sessions (
    hash blob primary key,
    user integer not null,
    begun_s integer not null,
    seen_s integer not null
) without rowid;
create table if not exists login_links (
    hash blob primary key,
    user integer,
    until_s integer not null
) without rowid;
create table if not exists login_attempts (
    id integer primary key,
    subject blob not null,
    at_s integer not null
);
create index if not exists login_attempts_by_subject on login_attempts (subject, at_s);

-- name: lock!
-- Look and write with nobody in between.
begin immediate;

-- name: add_user<!
-- A new user.
insert into users (name, role, password, created_at) values (:name, :role, :password, :created_at);

-- name: user_named^
-- The user of a name.
select id, name, role, password, created_at, disabled_at from users where name = :name;

-- name: all_users
-- Users there are and were, by name, and when each was seen last.
select u.id, u.name, u.role, u.password, u.created_at, u.disabled_at, (select max(seen_s) from sessions s where s.user = u.id)
from users u order by u.name;

-- name: count_users$
-- How many users there are or were.
select count(*) from users;

-- name: count_admins$
-- How many admins can log in.
select count(*) from users where role = 'admin' and disabled_at is null;

-- name: set_role!
-- Change what a user may do.
update users set role = :role where name = :name;

-- name: set_password!
-- Change a user's password.
update users set password = :password where id = :id;

-- name: disable_user!
-- Let a user log in no more.
update users set disabled_at = :disabled_at where name = :name and disabled_at is null;

-- name: enable_user!
-- Let a user log in again.
update users set disabled_at = null where name = :name;

-- name: add_session!
-- A browser that is logged in.
insert into sessions (hash, user, begun_s, seen_s) values (:hash, :user, :now_s, :now_s);

-- name: session^
-- The session of a token, with its user.
select s.begun_s, s.seen_s, u.id, u.name, u.role, u.disabled_at from sessions s join users u on u.id = s.user where s.hash = :hash;

-- name: see_session!
-- A session was used.
update sessions set seen_s = :now_s where hash = :hash;

-- name: end_session!
-- Log a browser out.
delete from sessions where hash = :hash;

-- name: end_sessions_of!
-- Log all browsers of a user out, but one.
delete from sessions where user = :user and hash <> :but;

-- name: end_old_sessions!
-- Forget sessions that have ended by themselves.
delete from sessions where begun_s < :begun_s or seen_s < :seen_s;

-- name: add_link!
-- A link that logs in once; without a user it makes the first one.
insert into login_links (hash, user, until_s) values (:hash, :user, :until_s);

-- name: link^
-- What a link that has not run out is for.
select l.user, u.name, u.password is not null, u.disabled_at from login_links l left join users u on u.id = l.user
where l.hash = :hash and l.until_s > :now_s;

-- name: use_link!
-- A link works once.
delete from login_links where hash = :hash and until_s > :now_s;

-- name: end_links_of!
-- Links of a user work no more.
delete from login_links where user is :user;

-- name: end_old_links!
-- Forget links that have run out.
delete from login_links where until_s <= :now_s;

-- name: add_attempt!
-- A login was tried.
insert into login_attempts (subject, at_s) values (:subject, :at_s);

-- name: attempts^
-- How many logins were tried of late, and when the first of them.
select count(*), min(at_s) from login_attempts where subject = :subject and at_s > :after_s;

-- name: forget_attempts!
-- A login succeeded.
delete from login_attempts where subject = :subject;

-- name: forget_old_attempts!
-- Attempts that count no more.
delete from login_attempts where at_s <= :after_s;
