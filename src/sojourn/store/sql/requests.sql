-- name: create_tables#
-- What persons asked about their data. Whom an erased person's request names is gone; the number of the identifier stays.
create table if not exists requests (
    id integer primary key,
    kind text not null,
    person text,
    actor integer not null,
    note text not null,
    received_on text not null,
    due_on text not null,
    state text not null,
    closed_at text,
    reason text,
    receipt integer
);

-- name: add_request<!
-- A request, open.
insert into requests (kind, person, actor, note, received_on, due_on, state)
values (:kind, :person, :actor, :note, :received_on, :due_on, 'open');

-- name: requests
-- All requests, oldest first.
select id, kind, person, actor, note, received_on, due_on, state, closed_at, reason, receipt from requests order by id;

-- name: close_request!
-- Done or refused; one that is closed stays as it is.
update requests set state = :state, closed_at = :closed_at, reason = :reason, receipt = :receipt
where id = :id and state = 'open';

-- name: forget_requester*!
-- A request stops naming anybody; the number is that of the identifier it meant.
update requests set person = null, note = '', reason = null, actor = :actor where id = :id;
