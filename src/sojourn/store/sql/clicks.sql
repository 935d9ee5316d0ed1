-- name: create_tables#
-- Who followed which link of a message, for as long as its token shows anything. Devices are numbers, recipients are not in it.
create table if not exists clicks (
    message text not null,
    token text not null,
    time integer not null
);
create index if not exists clicks_of_message on clicks (message);
create table if not exists devices (
    token text primary key,
    device integer not null,
    time integer not null
) without rowid;

-- name: add_click!
-- One visit to a link.
insert into clicks (message, token, time) values (:message, :token, :time);

-- name: clicks_of
-- Visits to the links of a message.
select token, time from clicks where message = :message;

-- name: take_device!
-- The device that came first with a token; a later one changes nothing.
insert into devices (token, device, time) values (:token, :device, :time) on conflict do nothing;

-- name: device_of$
-- The device that came first with a token.
select device from devices where token = :token;

-- name: forget_clicks!
-- What is too old to show anything.
delete from clicks where time < :before;

-- name: forget_devices!
-- The same of devices.
delete from devices where time < :before;

-- name: forget_device*!
-- An erased device.
delete from devices where device = :actor;
